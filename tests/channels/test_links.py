"""Answer links: for one person, one question, as it was shown, once."""

from __future__ import annotations

import time
from pathlib import Path

from strands_cli.inbox.data import ServerData
from strands_cli.inbox.links import Links
from strands_cli.people import People


def test_a_link_is_found_until_it_is_used(tmp_path: Path) -> None:
    links = Links(ServerData(tmp_path / "server.db"))
    token = links.create("q_1", "anna", "sha256:x")
    for _ in range(3):
        found = links.find(token)
        assert found is not None and (found.ref, found.person, found.shown) == ("q_1", "anna", "sha256:x")
    assert links.use(token) and not links.use(token)
    assert links.find(token) is None and links.find("other") is None and links.find("\ud800") is None


def test_a_link_expires_and_is_revoked(tmp_path: Path) -> None:
    links = Links(ServerData(tmp_path / "server.db"))
    late = links.create("q_1", "anna", "sha256:x", expires_at=time.time() - 1)
    revoked = links.create("q_2", "anna", "sha256:x")
    other = links.create("q_3", "anna", "sha256:x")
    links.revoke("q_2")
    assert links.find(late) is None and links.find(revoked) is None and links.find(other) is not None


def test_nobody_who_reads_the_data_can_use_a_link(tmp_path: Path) -> None:
    links = Links(ServerData(tmp_path / "server.db"))
    token = links.create("q_1", "anna", "sha256:x")
    assert len(token) >= 43
    assert all(token.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_whoever_answers_by_a_link_is_known_by_that_only() -> None:
    links = Links(ServerData())
    people = People.from_dict({"anna": {"ids": ["user:os:anna"], "roles": ["finance"], "name": "Anna"}})
    found = links.find(links.create("q_1", "anna", "sha256:x"))
    assert found is not None
    principal = found.principal(people)
    assert (principal.who, principal.auth, principal.via, principal.roles) == (
        *("anna", "link", "mail", frozenset({"finance"})),
    )
    assert not principal.is_known_by("token")
