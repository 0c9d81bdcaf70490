"""The ledgers of every release: sessions of agents that were left at some place go on from there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.session_worker import finish, lines, make_agent

RELEASES = sorted((Path(__file__).parent / "ledgers").iterdir())
LEFT_AT = {"paused": ["approval"], "killed": ["ambiguous_tool_call"], "done": []}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
@pytest.mark.parametrize("name", LEFT_AT)
def test_a_session_of_an_earlier_release_goes_on(release: Path, name: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(release / name, store)
    for path in (store, *store.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)  # as it was written, whatever the umask of a checkout
    (ledger,) = store.rglob("ledger.jsonl")
    before = ledger.read_bytes()
    agent = make_agent(tmp_path)
    assert ledger.read_bytes() == before
    if LEFT_AT[name]:
        assert [each.name for each in agent(None).interrupts or ()] == LEFT_AT[name]
    finish(agent, tmp_path)
    effects = [line.split()[0] for line in lines(tmp_path, "effects")]
    assert effects == {"paused": ["pay", "transfer"], "killed": ["transfer"], "done": []}[name]
    assert len(make_agent(tmp_path).messages) == 6
