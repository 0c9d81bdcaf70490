"""The ledgers of every release: sessions of agents that were left at some place go on from there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support import tree_worker
from support.session_worker import finish, lines, make_agent

RELEASES_PATH = Path(__file__).parent / "ledgers"
RELEASES = sorted(RELEASES_PATH.iterdir())
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
    assert ledger.read_bytes() == before
    for path in (*store.rglob("message_*.json"), *store.rglob("agent.json")):
        path.unlink()
    ledger.unlink()
    assert len(make_agent(tmp_path).messages) == 6  # the journal has all of it


def test_an_agent_in_an_agent_goes_on_where_a_ledger_left_it(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(RELEASES_PATH / "before_journals/in_a_subagent", store)
    for path in (store, *store.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)
    (tmp_path / "effects").write_text("pay-chief\npay-manager\n")
    tree_worker.go(tmp_path, {"depth": 1, "asks": True, "disk": ("plain", 0)})
    effects = lines(tmp_path, "effects")
    assert sorted(effects) == sorted({*effects}) and len(effects) == 6


def test_what_an_earlier_release_does_after_its_ledger_was_taken_in_counts_too(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(RELEASES_PATH / "before_journals/paused", store)
    for path in (store, *store.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)
    assert [each.name for each in make_agent(tmp_path).pending_interrupts] == ["approval"]
    (later,) = (RELEASES_PATH / "before_journals/killed").rglob("ledger.jsonl")
    (ledger,) = store.rglob("ledger.jsonl")
    ledger.write_bytes(later.read_bytes())  # the payment was approved there, and begun
    for _ in range(2):
        assert [each.name for each in make_agent(tmp_path)(None).interrupts or ()] == ["ambiguous_tool_call"]
