"""These tests write and sync a lot: they run in memory where that exists."""

from collections.abc import Iterator

import pytest

from support.in_memory import tmp_path as tmp_path
from support.stub_s3 import StubS3


@pytest.fixture
def s3() -> Iterator[StubS3]:
    with StubS3() as stub:
        yield stub
