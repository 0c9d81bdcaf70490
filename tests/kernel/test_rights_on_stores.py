"""The same answers of the same people on every store: what is taken, what is refused and why, and what closes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from strands import Workflow
from strands_cli.errors import StrandsError
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.state import State
from strands_cli.session import answers
from strands_cli.session.assign import assign
from strands_cli.session.repository import store_at
from support.postgres import close_all, fresh_url, needs_postgres
from support.specs import solo


@pytest.fixture(params=["files", "sqlite", pytest.param("postgres", marks=needs_postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    if request.param == "postgres":
        yield fresh_url()
        close_all()
    else:
        yield {"files": str(tmp_path / "runs"), "sqlite": f"sqlite:///{tmp_path}/runs.db"}[request.param]


def person(name: str, *roles: str, **more: Any) -> Principal:
    return Principal(f"user:os:{name}", name, frozenset(roles), **{"auth": "login", **more})


ANNA, BEN, CARL, DORA = person("anna", "finance"), person("ben", "finance"), person("carl"), person("dora", "finance")
WEAK = person("weak", "finance", auth="asserted")
FINANCE: dict[str, Any] = {"ask": {"roles": ["finance"]}}


class Said(NamedTuple):
    """What somebody says or does, and what comes of it: the code of a refusal, taken, or closed."""

    who: Principal
    value: str
    then: str
    key: str = "steps/1"


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        (FINANCE, [Said(CARL, "approve", "not-eligible"), Said(WEAK, "approve", "auth-too-weak")]),
        (FINANCE, [Said(ANNA, "approve", "closed"), Said(ANNA, "approve", "closed"), Said(BEN, "reject", "answered")]),
        (
            {**FINANCE, "quorum": {"approve": 2}},
            [Said(ANNA, "approve", "taken"), Said(ANNA, "approve", "taken"), Said(BEN, "approve", "closed")],
        ),
        (
            {"quorum": {"approve": 2, "reject": 2}},
            [
                Said(ANNA, "approve", "taken"),
                Said(ANNA, "reject", "taken"),
                Said(BEN, "approve", "taken"),
                Said(DORA, "approve", "closed"),
            ],
        ),
        ({"ask": {"exclude": ["steps/0"]}}, [Said(BEN, "approve", "excluded"), Said(ANNA, "approve", "closed")]),
        (FINANCE, [Said(ANNA, "to dora", "taken"), Said(BEN, "approve", "claimed"), Said(DORA, "approve", "closed")]),
        (
            {**FINANCE, "delegate": "anyone"},
            [Said(CARL, "approve", "not-eligible"), Said(ANNA, "to carl", "taken"), Said(CARL, "approve", "closed")],
        ),
        ({**FINANCE, "delegate": "never"}, [Said(ANNA, "to dora", "not-eligible"), Said(ANNA, "approve", "closed")]),
    ],
)
def test_rights_are_the_same_on_every_store(place: str, rights: dict[str, Any], said: list[Said]) -> None:
    steps = [
        {"type": "hitl", "prompt": "First?"},
        {"type": "hitl", "prompt": "Pay?", "choices": ["approve", "reject"], **rights},
    ]
    workflow = Workflow.from_dict(solo(1, pattern={"type": "chain", "config": {"steps": steps}}), store=place)
    session_id = str(workflow.run().session_id)

    async def main() -> list[str]:
        await answers.give(await store_at(place).open(session_id), "steps/0", "yes", by=BEN)
        await workflow.resume_async(session_id)
        return [await outcome(place, session_id, each) for each in said]

    assert asyncio.run(main()) == [each.then for each in said]


async def outcome(place: str, session_id: str, said: Said) -> str:
    journal = await store_at(place).open(session_id)  # read anew, as another process does
    try:
        if said.value.startswith("to "):
            await assign(journal, said.key, {"carl": CARL, "dora": DORA}[said.value[3:]], principal=said.who)
        else:
            await answers.give(journal, said.key, said.value, by=said.who)
    except StrandsError as error:
        return str(getattr(error, "code", "") or "answered")
    return "taken" if State(await journal.load()).is_open(said.key) else "closed"
