"""A flipped bit, a byte of zeros, a lost end: named, kept, and nothing that may have happened happens again unasked."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from strands import Agent
from strands.types.exceptions import SessionException
from support import tree_worker
from support.session_worker import Workers, finish, lines, make_agent

JOURNAL = "store/session_bills/agents/agent_default/journal.jsonl"
HEAD = "store/session_bills/agents/agent_default/journal.head"
STORIES = {
    "paused": ["start"],
    "killed in an approved call": ["start", "die_in_pay"],
    "killed in a call nobody was asked about": ["die_unasked"],
    "done": ["start", "finish"],
}
TREE_JOURNAL = "store/session_tree/agents/agent_chief/journal.jsonl"
TREE = {"depth": 1, "asks": True, "disk": ("plain", 0)}
ASKED_ITSELF = "killed in a call that had asked itself"
BLOCK = 512
KILLED = -9


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Sessions that were left at different places, each with its effects."""
    workers = Workers()
    roots = {}
    for number, (name, steps) in enumerate(STORIES.items()):
        roots[name] = tmp_path_factory.mktemp(f"story{number}")
        for step in steps:
            workers.run(step, roots[name])
    roots[ASKED_ITSELF] = killed_when(workers, roots["paused"], tmp_path_factory, "transfer y")
    workers.close()
    yield roots


def killed_when(workers: Workers, paused: Path, factory: pytest.TempPathFactory, effect: str) -> Path:
    """Return a session whose process was killed at its first write after an effect."""
    status, number, root = KILLED, 0, Path()
    while status == KILLED and effect not in lines(root, "effects"):
        number += 1
        root = factory.mktemp("killed")
        shutil.copytree(paused, root, dirs_exist_ok=True)
        status = workers.run("finish", root, disk=("before", number))
    assert status == KILLED
    return root


def flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ (1 << position % 8)]) + content[position + 1 :]


def zeroed(content: bytes, position: int) -> bytes:
    return content[:position] + b"\0" + content[position + 1 :]


def without_a_block(content: bytes, position: int) -> bytes:
    block = content[position : position + BLOCK]
    return content[:position] + b"\0" * len(block) + content[position + len(block) :]


def cut(content: bytes, position: int) -> bytes:
    return content[:position]


CHANGES: list[Callable[[bytes, int], bytes]] = [flipped, zeroed, without_a_block, cut]


def places(content: bytes, exhaustive: bool) -> list[int]:
    """Return where to damage: everywhere, or at about forty places, line breaks and their neighbours among them."""
    if exhaustive:
        return list(range(len(content)))
    breaks = [at for at, byte in enumerate(content) if byte == 10]
    beside = [at + step for at in breaks[-8:] for step in (-1, 0, 1) if 0 <= at + step < len(content)]
    return sorted({1, 7, *range(0, len(content), max(len(content) // 20, 1)), *beside})


def check(story: Path, root: Path, bad: bytes) -> None:
    """Go on from a damaged journal, and see that nothing happened twice and nothing was thrown away."""
    shutil.copytree(story, root)
    journal = root / JOURNAL
    journal.write_bytes(bad)
    finish(make_agent(root), root)
    effects = Counter(line.split()[0] for line in lines(root, "effects"))
    assert effects["pay"] <= 1 and effects["transfer"] <= 1, effects
    assert len({line for line in lines(root, "effects") if line.startswith("mail")}) <= 1
    kept = [path.read_bytes() for path in journal.parent.glob("journal.jsonl.damaged-*")]
    torn = b"".join(path.read_bytes() for path in journal.parent.glob("journal.jsonl.torn-*"))
    now = journal.read_bytes()
    assert bad in kept or now.startswith(bad) or (torn and bad.endswith(torn) and now.startswith(bad[: -len(torn)]))
    shutil.rmtree(root)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", [*STORIES, ASKED_ITSELF])
def test_nothing_that_happened_happens_again(
    stories: dict[str, Path], tmp_path: Path, name: str, change: Callable[[bytes, int], bytes]
) -> None:
    content = (stories[name] / JOURNAL).read_bytes()
    for position in places(content, exhaustive=False):
        check(stories[name], tmp_path / str(position), change(content, position))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", [*STORIES, ASKED_ITSELF])
def test_nothing_that_happened_happens_again_wherever_it_strikes(
    stories: dict[str, Path], tmp_path: Path, name: str, change: Callable[[bytes, int], bytes]
) -> None:
    content = (stories[name] / JOURNAL).read_bytes()
    for position in places(content, exhaustive=True):
        check(stories[name], tmp_path / str(position), change(content, position))


@pytest.mark.parametrize("change", [flipped, zeroed], ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", [*STORIES, ASKED_ITSELF])
def test_a_flipped_bit_is_found_without_a_head_too(
    stories: dict[str, Path], tmp_path: Path, name: str, change: Callable[[bytes, int], bytes]
) -> None:
    """As in a session of an earlier release, or after a power loss."""
    story = tmp_path / "story"
    shutil.copytree(stories[name], story)
    (story / HEAD).unlink()
    content = (story / JOURNAL).read_bytes()
    for position in places(content, exhaustive=False):
        check(story, tmp_path / str(position), change(content, position))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session that was left when an agent in an agent had paid, and its payment was on record."""
    workers = Workers("support.tree_worker")
    status, number, root = KILLED, 0, Path()
    while status == KILLED:
        number += 1
        root = tmp_path_factory.mktemp("tree")
        status = workers.run("go", root, disk=("before", number), depth=1, asks=True)
        journal = root / TREE_JOURNAL
        if journal.exists() and b"manager paid" in journal.read_bytes():
            break
    workers.close()
    assert status == KILLED
    return root


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_nothing_that_an_agent_in_an_agent_did_happens_again(
    tree: Path, tmp_path: Path, change: Callable[[bytes, int], bytes]
) -> None:
    content = (tree / TREE_JOURNAL).read_bytes()
    for position in places(content, exhaustive=False):
        root = tmp_path / str(position)
        shutil.copytree(tree, root)
        (root / TREE_JOURNAL).write_bytes(change(content, position))
        go_on(tree_worker.make(root, TREE))
        assert max(Counter(lines(root, "effects")).values()) == 1
        shutil.rmtree(root)


def go_on(agent: Agent) -> None:
    """Go on to the end; of a call that may have happened, say that it is to be skipped."""
    for _ in range(20):
        answers = [
            {"interruptResponse": {"interruptId": each.id, "response": "skip" if "ambiguous" in each.name else "y"}}
            for each in agent.pending_interrupts
        ]
        if agent(answers or None if agent.messages else "work").stop_reason == "end_turn":
            return
    raise AssertionError("the agent does not come to an end")


def test_what_is_lost_is_named_and_a_head_notices_a_lost_end(
    stories: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(stories["killed in an approved call"], tmp_path / "s")
    journal = tmp_path / "s" / JOURNAL
    whole = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(whole[:-1]))
    agent = make_agent(tmp_path / "s")
    assert f"what stood in line {len(whole)} is lost" in caplog.text
    (question,) = agent(None).interrupts or ()
    assert question.name == "ambiguous_tool_call" and question.reason["tool"] == "pay"


def test_a_whole_last_line_needs_no_line_break(stories: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(stories["killed in an approved call"], tmp_path / "s")
    journal = tmp_path / "s" / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-1])
    (question,) = make_agent(tmp_path / "s")(None).interrupts or ()
    assert question.name == "ambiguous_tool_call"
    assert journal.read_bytes().startswith(whole)
    assert [path.name for path in journal.parent.glob("journal.jsonl?*")] == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_who_does_not_hold_the_lease_changes_nothing(
    stories: dict[str, Path], tmp_path: Path, change: Callable[[bytes, int], bytes]
) -> None:
    shutil.copytree(stories["paused"], tmp_path / "s")
    journal = tmp_path / "s" / JOURNAL
    seen: list[bool] = []

    def look() -> None:
        make_agent(tmp_path / "s")
        journal.write_bytes(change(journal.read_bytes(), 2000))
        before = contents(tmp_path)
        make_agent(tmp_path / "s")
        seen.append(contents(tmp_path) == before)

    try:
        finish(make_agent(tmp_path / "s", while_paying=look), tmp_path / "s")
    except SessionException as error:
        assert "moved on" in str(error)  # the end that it had written is gone
    if change is not cut:  # which takes with it who holds the lease
        assert seen == [True]
    finish(make_agent(tmp_path / "s"), tmp_path / "s")
    assert lines(tmp_path / "s", "effects").count("pay") == 1


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
