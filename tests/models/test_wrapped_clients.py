"""Whoever wraps, instruments or replaces a provider's client sees what is asked, as arguments of its method."""

from __future__ import annotations

import asyncio
import functools
import unittest.mock
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from strands.models import AnthropicModel, Model, OpenAIModel, OpenAIResponsesModel
from strands.types.exceptions import ModelThrottledException
from support.providers import ask, ask_async, text_of, tool_spec, tool_uses
from support.stub_anthropic import StubAnthropic
from support.stub_http import Say, StubServer, Use
from support.stub_openai import StubOpenAI
from support.stub_responses import StubResponses


def chat(stub: StubServer, **given: Any) -> Model:
    return OpenAIModel(**(given or {"client_args": {"base_url": stub.url, "api_key": "k"}}), model_id="m")


def responses(stub: StubServer, **given: Any) -> Model:
    return OpenAIResponsesModel(**(given or {"client_args": {"base_url": stub.url, "api_key": "k"}}), model_id="m")


def claude(stub: StubServer, **given: Any) -> Model:
    return AnthropicModel(**(given or {"client_args": {"base_url": stub.url, "api_key": "k"}}), model_id="m")


def client_of(package: str, stub: StubServer) -> Any:
    module = pytest.importorskip(package)
    kind = module.AsyncOpenAI if package == "openai" else module.AsyncAnthropic
    return kind(base_url=stub.url, api_key="k", max_retries=0)


@pytest.mark.parametrize(
    ("way", "package", "name"),
    [
        ("anthropic.anthropic", "anthropic", "AsyncAnthropic"),
        ("bedrock.boto3", "boto3", "Session"),
        ("gemini.genai", "google.genai", "Client"),
        ("ollama.ollama", "ollama", "AsyncClient"),
        ("openai.openai", "openai", "AsyncOpenAI"),
        ("openai_responses.openai", "openai", "AsyncOpenAI"),
    ],
)
def test_the_package_of_a_client_is_reached_through_the_module_of_its_model(way: str, package: str, name: str) -> None:
    found = pytest.importorskip(package)
    with unittest.mock.patch(f"strands.models.{way}.{name}") as replaced:  # as tests of programs do
        assert getattr(found, name) is replaced


CASES = [
    pytest.param(StubOpenAI, chat, "openai", "openai.resources.chat", "AsyncCompletions", id="chat"),
    pytest.param(StubResponses, responses, "openai", "openai.resources.responses", "AsyncResponses", id="responses"),
    pytest.param(StubAnthropic, claude, "anthropic", "anthropic.resources.messages", "AsyncMessages", id="anthropic"),
]
every = pytest.mark.parametrize(("stub_of", "model_of", "package", "module", "resource"), CASES)


def recording(method: Callable[..., Any], seen: list[Any]) -> Any:
    @functools.wraps(method)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        seen.append(kwargs)
        return await method(*args, **kwargs)

    return wrapper


def ask_by(client: Any, model: Model) -> list[Any]:
    """Return the events of a reply that comes through a client of one's own, which is closed afterwards."""

    async def once() -> list[Any]:
        async with client:
            return await ask_async(model, "Hello", [tool_spec("look")])

    return asyncio.run(once())


def says_what_was_asked(seen: dict[str, Any]) -> None:
    assert "Hello" in str(seen.get("messages") or seen.get("input"))
    assert "look" in str(seen["tools"])
    assert seen["model"] == "m"


@every
def test_an_instrumented_method(
    stub_of: Any, model_of: Any, package: str, module: str, resource: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = getattr(pytest.importorskip(module), resource)
    seen: list[Any] = []
    with stub_of([Say("Hi", [Use("look", {"a": 1})])]) as stub:
        monkeypatch.setattr(owner, "create", recording(owner.create, seen))
        events = ask(model_of(stub), "Hello", [tool_spec("look")])
    says_what_was_asked(seen[0])
    assert (text_of(events), tool_uses(events)[0][1:]) == ("Hi", ("look", '{"a": 1}'))


@every
def test_a_method_replaced_on_one_client(stub_of: Any, model_of: Any, package: str, module: str, resource: str) -> None:
    seen: list[Any] = []
    with stub_of([Say("Hi")]) as stub:
        client = client_of(package, stub)
        inner = {"AsyncCompletions": lambda: client.chat.completions, "AsyncResponses": lambda: client.responses}
        place = inner.get(resource, lambda: client.messages)()
        place.create = recording(place.create, seen)
        assert text_of(ask_by(client, model_of(stub, client=client))) == "Hi"
    says_what_was_asked(seen[0])


@every
def test_a_client_whose_requests_are_watched(
    stub_of: Any, model_of: Any, package: str, module: str, resource: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    with stub_of([Say("Hi")]) as stub:
        client = client_of(package, stub)
        send = client.request

        async def request(cast_to: Any, options: Any, **kwargs: Any) -> Any:
            seen.append(options.json_data)
            return await send(cast_to, options, **kwargs)

        monkeypatch.setattr(client, "request", request)
        assert text_of(ask_by(client, model_of(stub, client=client))) == "Hi"
    says_what_was_asked(seen[0])


class Guarded:
    """A client of one's own that stands before a real one, and hands its pieces on one by one."""

    def __init__(self, inner: Any) -> None:
        self.seen: list[Any] = []
        self.chat = self.completions = self.responses = self.messages = self
        self._inner = inner

    async def create(self, **kwargs: Any) -> Any:
        self.seen.append(kwargs)
        return self._pieces(await self._inner(**kwargs))

    async def _pieces(self, stream: Any) -> Any:
        async for piece in stream:
            yield piece


@every
def test_a_client_that_stands_before_another(
    stub_of: Any, model_of: Any, package: str, module: str, resource: str
) -> None:
    with stub_of([Say("Hi", [Use("look", {"a": 1})], reasoning="Hm.")]) as stub:
        client = client_of(package, stub)
        inner = {
            "AsyncCompletions": lambda **kwargs: client.chat.completions.create(**kwargs),
            "AsyncResponses": lambda **kwargs: client.responses.create(**kwargs),
            "AsyncMessages": lambda **kwargs: client.messages.create(**kwargs),
        }
        guarded = Guarded(inner[resource])
        model = model_of(stub, client=guarded)
        model.update_config(params={"top_k": 3, "of_this_server_alone": True})
        events = ask_by(client, model)
        body = stub.requests[0].body
    says_what_was_asked(guarded.seen[0])
    assert "of_this_server_alone" not in guarded.seen[0]
    assert (body["top_k"], body["of_this_server_alone"]) == (3, True)
    assert (text_of(events), tool_uses(events)[0][1:]) == ("Hi", ("look", '{"a": 1}'))


def test_a_stand_in_that_is_no_client_at_all() -> None:
    pieces = [{"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]}]

    class StandIn(Guarded):
        async def _pieces(self, stream: Any) -> Any:
            for piece in stream:
                yield piece

    async def inner(**kwargs: Any) -> Any:
        return pieces

    with StubOpenAI() as stub:
        assert text_of(ask(chat(stub, client=StandIn(inner)))) == "Hi"
        assert stub.requests == []


class Entered:
    """What stands for OpenAI's client class: the client is ready when it is entered, and replies are plain objects."""

    def __init__(self, replies: list[Any]) -> None:
        self.replies = replies
        self.asked: list[Any] = []
        method = SimpleNamespace(create=self.create)
        self.ready = SimpleNamespace(chat=SimpleNamespace(completions=method), responses=method, close=self.close)

    async def create(self, **kwargs: Any) -> Any:
        self.asked.append(kwargs)

        async def stream() -> Any:
            for reply in self.replies:
                yield reply

        return stream()

    async def close(self) -> None:
        self.asked.append("closed")

    async def __aenter__(self) -> Any:
        return self.ready


def piece(**delta: Any) -> Any:
    return SimpleNamespace(choices=[SimpleNamespace(finish_reason=None, delta=unittest.mock.Mock(**delta))])


END = SimpleNamespace(choices=[SimpleNamespace(finish_reason="stop", delta=None)])
USAGE = unittest.mock.Mock(choices=[], usage=unittest.mock.Mock(prompt_tokens=3, completion_tokens=4, total_tokens=7))
DONE = unittest.mock.Mock(response=unittest.mock.Mock(usage=unittest.mock.Mock(input_tokens=3, output_tokens=4)))
DONE.type = "response.completed"


def test_a_class_in_the_place_of_the_client_is_entered_and_its_objects_are_read_by_their_attributes() -> None:
    client = Entered([piece(content="Hel"), piece(content="lo"), END, USAGE])
    with unittest.mock.patch("openai.AsyncOpenAI", return_value=client):
        events = ask(OpenAIModel(model_id="m"), "Hello")
    assert text_of(events) == "Hello"
    assert events[-1]["metadata"]["usage"] == {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}
    assert client.asked[0]["model"] == "m"
    assert client.asked[-1] == "closed"


def test_responses_without_their_first_event_begin_a_message() -> None:
    text = SimpleNamespace(type="response.output_text.delta", item_id="msg_1", delta="Hello")
    client = Entered([text, DONE])
    with unittest.mock.patch("openai.AsyncOpenAI", return_value=client):
        events = ask(OpenAIResponsesModel(model_id="m"), "Hello")
    assert (events[0], text_of(events)) == ({"messageStart": {"role": "assistant"}}, "Hello")


def test_calls_of_responses_are_known_by_their_item_where_no_index_is_sent() -> None:
    begin = SimpleNamespace(
        type="response.output_item.added",
        item=SimpleNamespace(type="function_call", id="fc_1", call_id="c1", name="look"),
    )
    cut = SimpleNamespace(type="response.function_call_arguments.delta", item_id="fc_1", delta='{"at": ')
    whole = SimpleNamespace(type="response.function_call_arguments.done", item_id="fc_1", arguments='{"at": "home"}')
    client = Entered([begin, cut, whole, DONE])
    with unittest.mock.patch("openai.AsyncOpenAI", return_value=client):
        events = ask(OpenAIResponsesModel(model_id="m"), "Hello", [tool_spec("look")])
    assert tool_uses(events) == [("c1", "look", '{"at": "home"}')]


def test_an_error_inside_responses_has_the_clients_own_as_its_cause() -> None:
    error = SimpleNamespace(type="error", code="rate_limit_exceeded", message="Rate limit exceeded.")
    replaced = unittest.mock.patch("openai.AsyncOpenAI", return_value=Entered([error]))
    with replaced, pytest.raises(ModelThrottledException) as caught:
        ask(OpenAIResponsesModel(model_id="m"), "Hello")
    assert getattr(caught.value.__cause__, "code", None) == "rate_limit_exceeded"


def test_a_reply_without_usage_says_none() -> None:
    with unittest.mock.patch("openai.AsyncOpenAI", return_value=Entered([piece(content="Hi"), END])):
        events = ask(OpenAIModel(model_id="m"), "Hello")
    assert not any("metadata" in event for event in events)
