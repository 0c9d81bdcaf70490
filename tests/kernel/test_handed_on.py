"""With whom a question is: taken on, given back, handed on; and rights that are mended while votes are on record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from strands.journal.excerpt import answer_by_all
from strands_cli.errors import NotEntitledError, StrandsError
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.rights import eligible, standing
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft
from strands_cli.session import answers
from strands_cli.session.assign import assign
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import store_at
from support.crash import Death, Died, MortalJournal, When
from support.driving import Echo, driven, session, spec


def person(name: str, *roles: str, **more: Any) -> Principal:
    return Principal(f"user:os:{name}", name, frozenset(roles), **{"auth": "login", **more})


ANNA, BEN, CARL, DORA = person("anna", "f"), person("ben", "f"), person("carl"), person("dora", "f")
ROLE = {"ask": {"roles": ["f"]}}


def gate(**data: Any) -> dict[str, Any]:
    ask = {"type": "hitl", "prompt": "Pay?", "choices": ["approve", "reject"], **data}
    return spec("chain", {"steps": [ask, {"agent": "a", "input": "done"}]})


async def asked(**data: Any) -> Any:
    journal = await session()
    await driven(journal, gate(**data), Echo())
    return journal


def test_who_claims_a_question_has_it_until_another_takes_it_over() -> None:
    async def main() -> None:
        journal = await asked(**ROLE)
        assert len(await assign(journal, "steps/0", ANNA, principal=ANNA, now=100.0)) == 1
        assert await assign(journal, "steps/0", ANNA, principal=ANNA, now=200.0) == []
        with pytest.raises(NotEntitledError, match="is with user:os:anna") as caught:
            await answers.give(journal, "steps/0", "approve", by=BEN, now=200.0)
        assert caught.value.code == "claimed" and "claim" in caught.value.hint
        with pytest.raises(NotEntitledError):
            await assign(journal, "steps/0", "", principal=BEN, now=200.0)
        with pytest.raises(NotEntitledError, match="role f"):
            await assign(journal, "steps/0", CARL, principal=CARL, now=200.0)
        await assign(journal, "steps/0", BEN, principal=BEN, now=300.0)
        await assign(journal, "steps/0", "", principal=BEN, now=301.0)
        await assign(journal, "steps/0", ANNA, principal=ANNA, now=302.0)
        await answers.give(journal, "steps/0", "approve", by=BEN, now=302.0 + 1800.0)

    asyncio.run(main())


def test_a_question_is_handed_to_whom_its_author_lets() -> None:
    async def main() -> None:
        journal = await asked(ask={"roles": ["f"], "users": ["carl"]})
        await assign(journal, "steps/0", "carl", principal=ANNA)
        assert standing(State(await journal.load()), "steps/0").assignee is not None
        with pytest.raises(NotEntitledError, match="cannot be handed to eve") as caught:
            await assign(journal, "steps/0", "eve", principal=ANNA)
        assert "roles eve has is not known" in caught.value.hint
        await assign(journal, "steps/0", DORA, principal=ANNA)
        never = await asked(**ROLE, delegate="never")
        with pytest.raises(NotEntitledError, match="handed on to nobody"):
            await assign(never, "steps/0", BEN, principal=ANNA)
        await assign(never, "steps/0", ANNA, principal=ANNA)

    asyncio.run(main())


def test_who_was_handed_a_right_answers_on_behalf_of_who_had_it_and_counts_once() -> None:
    async def main() -> None:
        journal = await asked(**ROLE, delegate="anyone", quorum={"approve": 2})
        await assign(journal, "steps/0", "carl", principal=ANNA, why="away")
        await answers.give(journal, "steps/0", "approve", by=CARL)
        voted = (await journal.load())[-1]
        assert voted.data["on_behalf"] == ANNA.who and voted.data["principal"] == CARL.to_dict()
        await answers.give(journal, "steps/0", "approve", by=ANNA)
        assert State(await journal.load()).is_open("steps/0")
        await answers.give(journal, "steps/0", "approve", by=BEN)
        assert not State(await journal.load()).is_open("steps/0")

    asyncio.run(main())


def test_nobody_who_could_answer_is_nobody() -> None:
    async def main() -> None:
        state = State(await (await asked(ask={"roles": ["f"], "exclude": ["starter"]})).load())
        state.origin = {**state.origin, "principal": ANNA.to_dict()}
        assert eligible(state, state.asked["steps/0"], [ANNA, CARL], now=0.0) == []
        assert eligible(state, state.asked["steps/0"], [ANNA, CARL, BEN], now=0.0) == [BEN]

    asyncio.run(main())


async def mended(journal: Any, rights: dict[str, Any]) -> None:
    data = {"driver": "another", "changed": {"rights": {"steps/0": rights}}}
    await journal.append(
        (Draft("leased", "", data, 1.0), Draft("released", "", {}, 1.0)), expect=len(await journal.load())
    )


def test_votes_are_counted_by_the_rules_in_force() -> None:
    async def main() -> None:
        journal = await asked(quorum={"approve": 2})
        await answers.give(journal, "steps/0", "approve", by=CARL)
        await mended(journal, {**ROLE, "quorum": {"approve": 2}})
        assert standing(State(await journal.load()), "steps/0").votes == []
        await answers.give(journal, "steps/0", "approve", by=ANNA)
        assert State(await journal.load()).is_open("steps/0")
        await mended(journal, ROLE)  # one is enough by now, and it is there
        rest = await driven(journal, gate(quorum={"approve": 2}), Echo())
        assert rest.status == "completed"
        answer = State(await journal.load()).answered["steps/0"]
        assert answer.data["principal"] == ANNA.to_dict() and len(answer.data["votes"]) == 1

    asyncio.run(main())


PEOPLE = [ANNA, BEN, DORA, CARL, person("eve", "f", on_behalf="user:os:anna"), Principal("token:1", person="ben")]
ACTS = st.one_of(
    st.tuples(st.just("answer"), st.integers(0, 5), st.sampled_from(["approve", "reject"])),
    st.tuples(st.just("assign"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("release"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("cancel"), st.just(0), st.just(0)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=25), st.sampled_from(["never", "eligible", "anyone"]), st.integers(1, 3))
def test_any_interleaving_gives_one_close_by_who_may_and_enough_of_them(acts: Any, mode: str, needed: int) -> None:
    async def act(journal: Any, kind: str, who: int, what: Any) -> None:
        try:
            if kind == "answer":
                await answers.give(journal, "steps/0", what, by=PEOPLE[who])
            elif kind == "cancel":
                await answer_by_all(journal, lambda there: [] if State(there.entries).finished else [CANCEL])
            else:
                await assign(journal, "steps/0", PEOPLE[what] if kind == "assign" else "", principal=PEOPLE[who])
        except StrandsError:
            pass

    async def main() -> None:
        journal = await asked(**ROLE, delegate=mode, quorum={"approve": needed, "reject": needed})
        await asyncio.gather(*(act(journal, *each) for each in acts))
        entries = await journal.load()
        closes = [entry for entry in entries if entry.kind == "answered"]
        cancels = [entry for entry in entries if entry.kind == "cancelled"]
        assert len(closes) + len(cancels) <= 2 and len(closes) <= 1 and len(cancels) <= 1
        assert not cancels or all(entry.seq <= cancels[0].seq for entry in entries if entry.kind == "voted")
        for close in closes:
            last = {}
            for entry in entries[: close.seq]:
                if entry.kind == "voted":
                    told = Principal.from_dict(entry.data["principal"])
                    assert "f" in told.roles or (mode == "anyone" and entry.data["on_behalf"])
                    last[told.who] = entry
            if needed > 1:
                counted = [entry for entry in last.values() if entry.seq in close.data["votes"]]
                assert len(counted) == len(close.data["votes"]) >= needed
                assert all(entry.data["value"] == close.data["value"] for entry in counted)
                whose = [entry.data.get("on_behalf") or entry.data["principal"].get("on_behalf") for entry in counted]
                own = [entry.data["principal"]["id"] for entry in counted]
                assert not set(whose) & set(own)

    asyncio.run(main())


CANCEL = Draft("cancelled", "", {"by": "x"}, 1.0)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_dies_at_any_write_leaves_a_vote_and_its_close_together(when: When) -> None:
    async def main() -> None:
        for at in range(1, 4):
            store, death = MemorySessionRepository(), Death(at, when)
            plain = await session(store)
            workflow = gate(quorum={"approve": 2})
            await driven(plain, workflow, Echo())
            mortal: Any = MortalJournal(plain, death)
            for who in (ANNA, BEN):
                try:
                    await answers.give(mortal, "steps/0", "approve", by=who)
                except Died:
                    mortal = MortalJournal(plain, Death())
                    seen = State(await plain.load())
                    assert ("steps/0" in seen.answered) == (who is BEN and when == "after" and at == 2)
                    await answers.give(mortal, "steps/0", "approve", by=who)
            entries = await plain.load()
            assert [entry.kind for entry in entries if entry.kind in ("voted", "answered")] == ["voted"] * 2 + [
                "answered"
            ]
            assert (await driven(plain, workflow, Echo())).status == "completed"

    asyncio.run(main())


def stores(tmp_path: Path) -> dict[str, Any]:
    return {"memory": MemorySessionRepository(), "files": store_at(str(tmp_path)), "sqlite": sqlite(tmp_path)}


def sqlite(tmp_path: Path) -> Any:
    return store_at(f"sqlite:///{tmp_path}/runs.db")


PATTERNS: dict[str, Any] = {
    "chain": {"steps": ["ASK"]},
    "workflow": {"tasks": [{"id": "x", "ASK": 1}]},
    "graph": {"nodes": {"x": "ASK", "y": {"agent": "a", "input": "done"}}, "edges": [{"from": "x", "to": "y"}]},
    "parallel": {
        "branches": [{"id": "one", "steps": ["ASK"]}, {"id": "two", "steps": [{"agent": "a", "input": "b"}]}],
    },
    "evaluator_optimizer": {
        "producer": "a",
        "evaluator": {"agent": "b", "input": "rate"},
        "accept": {"min_score": 1},
        "review_gate": "ASK",
    },
    "routing": {
        "router": {"agent": "a", "input": "route", "review_router": "ASK"},
        "routes": {"r": {"then": [{"agent": "b", "input": "done"}]}},
    },
    "orchestrator_workers": {
        "orchestrator": {"agent": "a"},
        "worker_template": {"agent": "b"},
        "decomposition_review": "ASK",
    },
}


def filled(value: Any, ask: dict[str, Any]) -> Any:
    if value == "ASK":
        return ask
    if isinstance(value, dict):
        more = ask if "ASK" in value else {}
        return {**{name: filled(each, ask) for name, each in value.items() if name != "ASK"}, **more}
    return [filled(each, ask) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_question_of_every_pattern_is_for_who_it_says(pattern: str) -> None:
    from strands_cli.loader import load_dict
    from strands_cli.plan import plan

    ask = {"type": "hitl", "prompt": "Good?", "choices": ["approve", "reject"], **ROLE, "quorum": {"approve": 2}}
    loaded = load_dict(spec(pattern, filled(PATTERNS[pattern], ask)))
    assert [node for node in plan(loaded).nodes if node.kind == "hitl"]

    from strands_cli.patterns.step import question

    found = [step for step in walk(loaded.pattern.config) if getattr(step, "type", None) == "hitl"]
    assert [question(step, {}).data for step in found] == [{**ROLE, "quorum": {"approve": 2}}]


def walk(value: Any) -> Any:
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from walk(getattr(value, name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


@pytest.mark.parametrize("kind", ["memory", "files", "sqlite"])
def test_votes_claims_and_refusals_are_the_same_in_every_store(kind: str, tmp_path: Path) -> None:
    async def main() -> None:
        journal = await session(stores(tmp_path)[kind])
        workflow = gate(**ROLE, quorum={"approve": 2})
        await driven(journal, workflow, Echo())
        results = await asyncio.gather(
            *(answers.give(journal, "steps/0", "approve", by=who) for who in (ANNA, CARL, BEN, DORA)),
            return_exceptions=True,
        )
        assert [type(each).__name__ for each in results][1] == "NotEntitledError"
        entries = await journal.load()
        kinds = [entry.kind for entry in entries if entry.key == "steps/0"]
        assert kinds == ["asked", "voted", "voted", "answered"]
        assert (await driven(journal, workflow, Echo())).status == "completed"

    asyncio.run(main())
