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


@pytest.mark.parametrize("provider", parameters("openai", "litellm"))
def test_the_messages_that_a_subclass_returns_are_sent(provider: Provider) -> None:
    with provider.stub(["Hi."]) as stub:
        model: Any = provider.model(stub)

        class Parted(type(model)):  # type: ignore[misc]
            @classmethod
            def format_request_messages(cls, messages: Any, system_prompt: Any = None, **more: Any) -> Any:
                formatted = super().format_request_messages(messages, system_prompt, **more)
                return [{**each, "content": f"<{each['content']}>"} for each in formatted]

        model.__class__ = Parted
        ask(model, "Hello", None, "Be kind")
        sent = stub.requests[0].body["messages"]
    assert [each["content"] for each in sent] == ["<Be kind>", "<Hello>"]


@every
def test_a_method_of_the_sdk_that_nothing_calls_is_told(provider: Provider) -> None:
    with provider.stub([]) as stub:
        model = type(provider.model(stub))
    own = {"format_request_tool_message": classmethod(lambda cls, result: result)}
    with pytest.warns(UserWarning, match=r"Own\.format_request_tool_message is never called.*format_request, which"):
        type("Own", (model,), dict(own))
    type("Whole", (model,), {**own, "stream": lambda self, *asked, **more: iter(())})


@every
def test_a_reply_that_nobody_reads_to_its_end_leaves_the_model_ready_for_the_next(provider: Provider) -> None:
    async def twice(model: Any) -> list[Any]:
        first = model.stream([user("Hello")])
        await first.__anext__()
        await first.aclose()
        return await collect(model.stream([user("Again")]))

    with provider.stub([Say("One two three."), "Hi."]) as stub:
        assert text_of(asyncio.run(twice(provider.model(stub)))) == "Hi."
