"""`format_request` of every provider: what it returns is what is sent, and a subclass may change it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from support.providers import Provider, ask, collect, parameters, text_of, tool_spec, user
from support.stub_http import Say

every = pytest.mark.parametrize("provider", parameters())


@every
def test_what_it_returns_is_what_stream_makes_of_the_same_arguments(provider: Provider) -> None:
    made: list[Any] = []

    with provider.stub(["Hi."]) as stub:
        model: Any = provider.model(stub)

        class Watched(type(model)):  # type: ignore[misc]
            def format_request(self, *asked: Any, **given: Any) -> dict[str, Any]:
                made.append(super().format_request(*asked, **given))
                return made[-1]  # type: ignore[no-any-return]

        model.__class__ = Watched
        ask(model, "Hello", [tool_spec()])
        assert len(made) == 1
        assert made[0] == model.format_request([user("Hello")], [tool_spec()])


@every
def test_what_a_subclass_returns_is_sent(provider: Provider) -> None:
    with provider.stub(["Hi."]) as stub:
        model: Any = provider.model(stub)

        class Loud(type(model)):  # type: ignore[misc]
            def format_request(self, *asked: Any, **given: Any) -> Any:
                return json.loads(json.dumps(super().format_request(*asked, **given)).replace("Hello", "HELLO"))

        model.__class__ = Loud
        assert text_of(ask(model, "Hello")) == "Hi."
        sent = json.dumps(stub.requests[0].body)
        assert ("HELLO" in sent, "Hello" in sent) == (True, False)


@every
def test_a_reply_that_nobody_reads_to_its_end_leaves_the_model_ready_for_the_next(provider: Provider) -> None:
    async def twice(model: Any) -> list[Any]:
        first = model.stream([user("Hello")])
        await first.__anext__()
        await first.aclose()
        return await collect(model.stream([user("Again")]))

    with provider.stub([Say("One two three."), "Hi."]) as stub:
        assert text_of(asyncio.run(twice(provider.model(stub)))) == "Hi."
