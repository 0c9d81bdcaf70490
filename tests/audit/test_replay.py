"""Every decision once more: who gave it, what was shown, whether the votes come to it, whether tools waited for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from strands import SessionManager, Workflow, tool
from strands.journal.entries import Draft, Entry
from strands.journal.protocol import append_durably
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.audit.decisions import decisions
from strands_cli.audit.verify import verify
from strands_cli.errors import NotEntitledError, StrandsError
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.shown import digest
from strands_cli.kernel.state import State
from strands_cli.session import answers
from strands_cli.session.repository import store_at

ANNA = Principal("user:os:anna", "anna", frozenset({"finance"}), "login", "web")
BEN = Principal("user:os:ben", "ben", frozenset({"finance"}), "login", "web")
CARL = Principal("user:os:carl", "carl", frozenset(), "login", "web")

GATE: dict[str, Any] = {
    "type": "hitl",
    "prompt": "Pay?",
    "choices": ["approve", "reject"],
    "ask": {"roles": ["finance"], "auth": "login"},
    "quorum": {"approve": 2, "reject": 1},
}


def spec(*steps: Any) -> dict[str, Any]:
    return {
        "version": 0,
        "name": "pay",
        "runtime": {"provider": "scripted"},
        "agents": {"a": {"prompt": "p"}},
        "pattern": {"type": "chain", "config": {"steps": [*steps, {"agent": "a", "input": "done"}]}},
    }


def paused(gate: dict[str, Any]) -> str:
    return str(Workflow.from_dict(spec(gate), store="store").run().session_id)


async def journal(session_id: str) -> Any:
    return await store_at("store").open(session_id)


def given(session_id: str, value: str, by: Principal, **how: Any) -> None:
    async def give() -> None:
        await answers.give(await journal(session_id), "steps/0", value, by=by, **how)

    asyncio.run(give())


def asked_of(session_id: str) -> Entry:
    async def read() -> Entry:
        return State(await (await journal(session_id)).load()).asked["steps/0"]

    return asyncio.run(read())


def written(session_id: str, *drafts: Draft) -> None:
    """Let somebody who has the key, and does not ask who may, write to a session."""

    async def write() -> None:
        there = await journal(session_id)
        await append_durably(there, drafts, expect=len(await there.load()))

    asyncio.run(write())


def faults(*session_ids: str) -> list[tuple[int | None, str, str]]:
    report = asyncio.run(verify(store_at("store"), session_ids or None))
    return [(each.seq, each.rule, each.message) for each in report.faults]


def seqs(session_id: str, kind: str) -> list[int]:
    async def read() -> Sequence[Entry]:
        return list(await (await journal(session_id)).load())

    return [entry.seq for entry in asyncio.run(read()) if entry.kind == kind]


def answer(value: str, by: Principal, **more: Any) -> Draft:
    data = {"value": value, "by": by.name, "channel": "web", "principal": by.to_dict(), **more}
    return Draft("answered", "steps/0", data, 1_800_000_000.0)


def test_what_was_admitted_is_admitted_once_more() -> None:
    session_id = paused(GATE)
    shown = digest(session_id, asked_of(session_id))
    given(session_id, "approve", ANNA, shown={"steps/0": shown})
    with pytest.raises(StrandsError):
        given(session_id, "approve", CARL)
    given(session_id, "approve", BEN, shown={"steps/0": shown})
    assert Workflow.from_dict(spec(GATE), store="store").resume(session_id).success
    assert faults() == []


@pytest.mark.parametrize(
    ("draft", "rule", "word"),
    [
        (answer("approve", CARL), "votes", "takes 2 persons, and 0"),
        (answer("reject", CARL), "votes", "takes 1 persons, and 0"),
        (Draft("voted", "steps/0", {**answer("approve", CARL).data}, 1.5), "rights", "not-eligible"),
        (Draft("voted", "steps/0", {**answer("approve", ANNA, shown="sha256:x").data}, 1.5), "shown", "changed"),
        (Draft("answered", "steps/0", {"value": "approve", "by": "anna"}, 1.5), "principal", "not on record"),
        (Draft("answered", "steps/9", {"value": "approve", "by": "anna"}, 1.5), "after-end", "nobody had asked"),
        (Draft("answered", "steps/0", {"value": "approve", "timed_out": True}, 1.5), "default", "not the default"),
    ],
)
def test_what_nobody_was_entitled_to_is_named(draft: Draft, rule: str, word: str) -> None:
    session_id = paused(GATE)
    written(session_id, draft)
    (found,) = faults()
    assert found[0] == seqs(session_id, draft.kind)[0] and found[1] == rule and word in found[2]


def test_one_persons_votes_count_once() -> None:
    session_id = paused(GATE)
    given(session_id, "approve", ANNA)
    (first,) = seqs(session_id, "voted")
    vote = Draft("voted", "steps/0", dict(answer("approve", ANNA).data), 1_800_000_000.0)
    written(session_id, vote, answer("approve", ANNA, votes=[first, first + 2]))
    assert [rule for _, rule, _ in faults()] == ["votes"]


def test_who_answered_the_step_before_may_not_answer_this_one() -> None:
    first = {"type": "hitl", "prompt": "First?", "choices": ["approve", "reject"]}
    second = {**GATE, "quorum": {}, "ask": {"exclude": ["steps/0"]}}
    workflow = Workflow.from_dict(spec(first, {k: v for k, v in second.items() if k != "quorum"}), store="store")
    session_id = str(workflow.run().session_id)
    given(session_id, "approve", ANNA)
    workflow.resume(session_id)
    forged = answer("approve", ANNA)._replace(key="steps/1")
    written(session_id, forged)
    ((seq, rule, message),) = faults()
    assert (seq, rule) == (seqs(session_id, "answered")[1], "rights") and "excluded" in message


def test_a_fork_keeps_its_answers() -> None:
    session_id = paused(GATE)
    shown = {"steps/0": digest(session_id, asked_of(session_id))}
    given(session_id, "approve", ANNA, shown=shown)
    given(session_id, "approve", BEN, shown=shown)
    assert Workflow.from_dict(spec(GATE), store="store").resume(session_id).success
    SessionManager(store="store").get_session(session_id).fork("steps/1")
    assert faults() == []


# -- tools --------------------------------------------------------------------------------------------------------


def paying(
    *replies: Any, options: str = "[approve, edit, reject]", remember: str = "never", of_file: bool = False
) -> tuple[Workflow, list[int]]:
    paid: list[int] = []

    @tool
    def pay(amount: int) -> str:
        """Pay."""
        paid.append(amount)
        return "paid"

    calls = list(replies)

    def reply(messages: Any) -> Any:
        said = sum(message["role"] == "assistant" for message in messages)
        return ToolCall("pay", {"amount": calls[said]}) if said < len(calls) else "done"

    rules = f"approvals: [{{tools: [pay], options: {options}, remember: {remember}}}]"
    text = f"""
version: 0
name: t
{rules if of_file else ""}
runtime: {{provider: openai, model_id: m}}
agents: {{a: {{prompt: You, tools: [pay], {"" if of_file else rules}}}}}
pattern: {{type: chain, config: {{steps: [{{agent: a, input: "1"}}]}}}}
"""
    return Workflow.from_yaml(text, model=ScriptedModel(reply), tools=[pay], store="store"), paid


@pytest.mark.parametrize("said", ["approve", 'edit: {"amount": 6}', "reject"])
def test_a_tool_that_waited_for_its_approval(said: str) -> None:
    workflow, paid = paying(5)
    session_id = workflow.run().session_id
    workflow.resume(session_id, said)
    assert paid == {"approve": [5], "reject": []}.get(said, [6])
    assert faults() == []


def test_an_approval_that_is_remembered_holds_for_later_calls() -> None:
    workflow, paid = paying(5, 7, remember="session")
    workflow.resume(workflow.run().session_id, "approve")
    assert paid == [5, 7] and faults() == []


def started(session_id: str, digest: str, id: str = "t9") -> Draft:
    data = {"of": "steps/0", "id": id, "name": "pay", "digest": digest}
    return Draft("started", f"steps/0/tools/{id}", data, 1_800_000_000.0)


@pytest.mark.parametrize("of_file", [False, True])
def test_a_tool_that_did_not_wait_is_named(of_file: bool) -> None:
    workflow, _ = paying(5, of_file=of_file)
    session_id = str(workflow.run().session_id)
    written(session_id, started(session_id, "2:x"))
    ((seq, rule, message),) = faults()
    assert (seq, rule) == (seqs(session_id, "started")[-1], "approval") and "pay ran" in message


@pytest.mark.parametrize(("said", "rule"), [("reject", "approval"), ("approve", "arguments"), (None, "approval")])
def test_a_tool_that_ran_otherwise_than_was_decided_is_named(said: str | None, rule: str) -> None:
    workflow, _ = paying(5)
    session_id = str(workflow.run().session_id)
    session = SessionManager(store="store").get_session(session_id)
    (question,) = session.questions
    if said is not None:
        session.answer(question.id, said)
    id = question.id.split(":")[2]
    written(session_id, started(session_id, "2:another", id))
    assert [found[1] for found in faults()] == [rule]


def test_the_approval_of_each_workflow_around_a_step_counts() -> None:
    workflow, _ = paying(5)
    session_id = str(workflow.run().session_id)
    (question,) = SessionManager(store="store").get_session(session_id).questions

    async def asked() -> dict[str, Any]:
        return dict(State(await (await journal(session_id)).load()).asked[question.id].data)

    data, around = asyncio.run(asked()), []
    for level in (2, 1):
        interrupt = {**data["interrupt"], "name": f"approval_outer{level}"}
        around.append(Draft("asked", f"{question.id}/{level}", {**data, "interrupt": interrupt}, 1_800_000_000.0))
    approved = {"value": "approve", "by": "anna"}
    answered = [Draft("answered", key, approved, 1_800_000_000.0) for key in (question.id, f"{question.id}/1")]
    written(session_id, *around, *answered, started(session_id, data["interrupt"]["digest"], question.id.split(":")[2]))
    assert [found[1:] for found in faults()] == [("approval", "pay ran before anybody had approved of it")]


def test_who_forks_a_run_starts_one_and_what_they_had_decided_before_stands() -> None:
    gate = {"type": "hitl", "prompt": "Pay?", "choices": ["approve", "reject"], "ask": {"exclude": ["starter"]}}
    workflow = Workflow.from_dict(spec(gate), store="store")

    async def main() -> None:
        session = await workflow.open(started_by=BEN)
        await workflow.resume_async(session.id)
        await answers.give(await journal(session.id), "steps/0", "approve", by=ANNA)
        await workflow.resume_async(session.id)
        await session.refresh_async()
        again = await session.fork_async("steps/0", by=ANNA)
        for who in (ANNA, BEN):
            with pytest.raises(NotEntitledError) as caught:
                await answers.give(await journal(again.id), "steps/0", "approve", by=who)
            assert caught.value.code == "excluded"
        await answers.give(await journal(again.id), "steps/0", "approve", by=CARL)
        assert (await session.fork_async("steps/1", by=ANNA)).status == "answered"

    asyncio.run(main())
    report = asyncio.run(verify(store_at("store")))
    assert report.sessions == 3 and report.faults == []


def test_an_answer_in_a_fork_is_replayed_like_any_other() -> None:
    session_id = paused({**GATE, "quorum": {"approve": 1}})
    fork = SessionManager(store="store").get_session(session_id).fork("steps/0")
    written(fork.id, answer("approve", CARL))
    assert [rule for _, rule, _ in faults(fork.id)] == ["rights"]
    assert faults(session_id) == []


FREE = {name: value for name, value in GATE.items() if name not in ("ask", "quorum")}
LATER = {"type": "hitl", "prompt": "Really?", "ask": {"roles": ["finance"]}}


@pytest.mark.parametrize("at_once", [True, False])
def test_a_mended_workflow_that_takes_rights_away_is_told_of_wherever_it_was_answered(at_once: bool) -> None:
    session_id = paused(GATE)
    mended = Workflow.from_dict(spec(FREE), store="store")
    if at_once:
        assert mended.resume(session_id, "approve").success
    else:
        assert mended.resume(session_id).status == "paused"
        SessionManager(store="store").get_session(session_id).answer("steps/0", "approve")
    report = asyncio.run(verify(store_at("store"), [session_id]))
    assert report.faults == [], "it was answered by the rights in force then"
    told = [each.message for each in report.notices if each.rule == "rights-changed"]
    assert "changed who may answer 'steps/0'" in told[0] and "finance" in told[0] and "-> everybody" in told[0]
    assert "what is asked from now on" in told[1]
    rows = asyncio.run(exported(session_id))
    changed = [row for row in rows if row["kind"] == "rights-changed"]
    assert [(row["question"], row["value"]) for row in changed] == [("steps/0", {}), (None, [])]
    assert all(row["id"] and row["by"] for row in changed)


async def exported(session_id: str) -> list[dict[str, Any]]:
    return [row async for row in decisions(store_at("store"), [session_id])]


def test_a_mended_workflow_that_changes_who_is_asked_later_is_told_of_and_another_prompt_is_not() -> None:
    first = {"type": "hitl", "prompt": "First?"}
    session_id = str(Workflow.from_dict(spec(first, LATER), store="store").run().session_id)
    for steps, count in (((first, {**LATER, "prompt": "Sure?"}), 0), ((first,), 1)):
        Workflow.from_dict(spec(*steps), store="store").resume(session_id)
        report = asyncio.run(verify(store_at("store"), [session_id]))
        assert [each.rule for each in report.notices].count("rights-changed") == count


def test_an_answer_by_who_is_not_entitled_is_a_fault_whatever_rights_it_says_it_was_taken_by() -> None:
    session_id = paused(GATE)
    written(session_id, answer("approve", CARL, rights={"ask": {"roles": ["finance"]}}))
    assert [rule for _, rule, _ in faults()] == ["rights"]
