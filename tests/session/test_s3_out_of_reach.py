"""A bucket that cannot be reached: each thing that fails says what was to be done, and to which object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from strands.session.s3_store import S3Store
from strands.types.exceptions import SessionException
from support.stub_s3 import StubS3

boto3 = pytest.importorskip("boto3")


def client_of(url: str) -> Any:
    from botocore.config import Config

    settings = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    return boto3.Session("x", "x", region_name="us-east-1").client("s3", endpoint_url=url, config=settings)


@pytest.fixture(scope="module")
def nowhere() -> S3Store:
    return S3Store(client_of("http://127.0.0.1:1"), "bucket")


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (lambda store: store.write("a/b", {}), "write"),
        (lambda store: store.create("a/b", {}), "write"),
        (lambda store: store.read("a/b"), "read"),
        (lambda store: store.keys("a/"), "list"),
        (lambda store: store.delete(["a/b"]), "delete"),
    ],
)
def test_what_failed_is_named(nowhere: S3Store, action: Callable[[S3Store], Any], what: str) -> None:
    with pytest.raises(SessionException, match=rf"{what}.*bucket/a/"):
        action(nowhere)


def test_what_is_only_in_the_way_is_told_and_left(nowhere: S3Store, caplog: pytest.LogCaptureFixture) -> None:
    nowhere.delete_unneeded(["a/b"])
    assert "Nobody reads it any more; remove it" in caplog.text


def test_a_damaged_object_is_kept_beside_it_under_the_next_number(s3: StubS3, caplog: pytest.LogCaptureFixture) -> None:
    store = S3Store(client_of(s3.url), "bucket")
    store.write_bytes("a", b"{no json")
    assert store.read("a") is None
    assert "is damaged; the session goes on without it" in caplog.text
    assert [store.copy_aside("a"), store.copy_aside("a")] == ["a.damaged-1", "a.damaged-2"]
    assert store.keys("a.") == ["a.damaged-1", "a.damaged-2"]
    assert store.exists("a") and not store.exists("b")


def test_an_object_is_made_once_and_replaced_by_who_knows_its_version(s3: StubS3) -> None:
    store = S3Store(client_of(s3.url), "bucket")
    assert store.create("a", {"n": 1})
    assert not store.create("a", {"n": 2})
    data, version = store.read_version("a")
    assert data == {"n": 1}
    assert store.replace("a", {"n": 3}, version) is not None
    assert store.replace("a", {"n": 4}, version) is None
    assert store.read_all(["a", "b"]) == [{"n": 3}, None]
    assert store.read_version("b") == (None, "")
