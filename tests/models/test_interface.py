"""The interface of a model, the clients behind it, and what an import costs."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import strands.models
from strands.models import Model, ScriptedModel, ToolCall
from strands.models._clients import Clients, require
from strands.models._threads import in_thread
from strands.types.exceptions import StructuredOutputException
from support.providers import collect, text_of, user


class Person(BaseModel):
    """A person."""

    name: str


class Echo(Model):
    """The smallest provider."""

    async def stream(
        self, messages: Any, tool_specs: Any = None, system_prompt: Any = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        self.kwargs = {"tool_specs": tool_specs, **kwargs}
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockDelta": {"delta": {"text": messages[-1]["content"][0]["text"]}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}


def test_a_provider_needs_nothing_but_stream() -> None:
    model = Echo()
    assert text_of(asyncio.run(collect(model.stream([user("Hello")])))) == "Hello"
    assert (model.get_config(), model.stateful) == ({}, False)
    model.update_config(model_id="echo")
    model.update_config(temperature=1)
    assert model.get_config() == {"model_id": "echo", "temperature": 1}
    asyncio.run(model.aclose())


def test_structured_output_forces_a_tool() -> None:
    model = Echo()
    with pytest.raises(StructuredOutputException, match="'Person'"):
        asyncio.run(collect(model.structured_output(Person, [user("Who?")])))
    assert model.kwargs["tool_choice"] == {"tool": {"name": "Person"}}
    assert model.kwargs["tool_specs"][0]["description"] == "A person."


def test_structured_output_that_does_not_fit_says_why() -> None:
    model = ScriptedModel([ToolCall("Person", {"name": 3})])
    with pytest.raises(StructuredOutputException, match="name"):
        asyncio.run(collect(model.structured_output(Person, [user("Who?")])))


def test_config_updates_do_not_reach_other_models() -> None:
    first, second = ScriptedModel([]), ScriptedModel([])
    first.update_config(model_id="other")
    assert second.get_config() == {"model_id": "scripted"}


# -- imports --------------------------------------------------------------------------------------------------------


def test_importing_models_imports_no_client_and_no_pydantic() -> None:
    code = """
import sys, strands.models
from strands.models import *
OpenAIModel(); BedrockModel(); AnthropicModel(); GeminiModel(); OllamaModel(); LiteLLMModel(); ScriptedModel(["x"])
heavy = {"openai", "boto3", "anthropic", "google.genai", "ollama", "litellm", "httpx", "httpx2", "pydantic"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_are_listed_and_unknown_ones_refused() -> None:
    assert {"BedrockModel", "OpenAIModel", "ScriptedModel"} <= set(dir(strands.models))
    assert all(getattr(strands.models, name) for name in strands.models.__all__)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="NoSuchModel"):
        strands.models.NoSuchModel  # type: ignore[attr-defined]  # noqa: B018


def test_a_missing_package_says_what_to_install() -> None:
    with pytest.raises(ImportError, match=r"SomeModel needs .*pip install 'strands-cli\[some\]'"):
        require("no_such_package_at_all", "some", "SomeModel")
    with pytest.raises(ImportError, match=r"pip install 'strands-cli'$"):
        require("no_such_package_at_all", "", "SomeModel")


# -- clients --------------------------------------------------------------------------------------------------------


class Client:
    def __init__(self) -> None:
        self.closed = 0
        self.gone = asyncio.Event()

    async def close(self) -> None:
        await asyncio.sleep(0.002)
        self.closed += 1
        self.gone.set()


def pool(opened: list[Client], failures: int = 0) -> Clients[Client]:
    left = [failures]

    def open_client() -> Client:
        time.sleep(0.01)
        if left[0]:
            left[0] -= 1
            raise OSError("not today")
        opened.append(Client())
        return opened[-1]

    return Clients(open_client, Client.close)


def test_a_loop_has_one_client_however_many_ask_at_once() -> None:
    async def main() -> None:
        found = await asyncio.gather(*(clients.get() for _ in range(50)))
        assert {id(each) for each in found} == {id(opened[0])}

    opened: list[Client] = []
    clients = pool(opened)
    asyncio.run(main())
    assert len(opened) == 1


def test_a_client_is_closed_with_its_loop() -> None:
    opened: list[Client] = []
    clients = pool(opened)
    asyncio.run(clients.get())
    asyncio.run(clients.get())
    assert [client.closed for client in opened] == [1, 1]


def test_closing_reaches_the_clients_of_other_loops() -> None:
    async def main() -> None:
        await clients.get()
        other = asyncio.new_event_loop()
        thread = threading.Thread(target=other.run_forever)
        thread.start()
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(clients.get(), other))
        await clients.aclose()
        other.call_soon_threadsafe(other.stop)
        thread.join()
        other.close()

    opened: list[Client] = []
    clients = pool(opened)
    asyncio.run(main())
    assert [client.closed for client in opened] == [1, 1]


def test_a_client_that_is_forgotten_is_closed_when_its_loop_gets_to_it() -> None:
    loop = asyncio.new_event_loop()
    opened: list[Client] = []
    clients = pool(opened)
    clients.itself = clients  # type: ignore[attr-defined]
    loop.run_until_complete(clients.get())
    del clients
    gc.collect()
    assert opened[0].closed == 0
    loop.run_until_complete(asyncio.wait_for(opened[0].gone.wait(), 10))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    assert opened[0].closed == 1


def test_a_forgotten_client_does_not_outlive_its_loop() -> None:
    loop = asyncio.new_event_loop()
    opened: list[Client] = []
    clients = pool(opened)
    loop.run_until_complete(clients.get())
    del clients
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    assert opened[0].closed == 1


def test_a_client_that_cannot_be_opened_is_tried_again() -> None:
    async def main() -> None:
        with pytest.raises(OSError, match="not today"):
            await clients.get()
        await clients.get()

    opened: list[Client] = []
    clients = pool(opened, failures=1)
    asyncio.run(main())
    assert len(opened) == 1


def test_a_cancelled_request_does_not_cancel_the_opening() -> None:
    async def main() -> None:
        impatient = asyncio.create_task(clients.get())
        patient = asyncio.create_task(clients.get())
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient is opened[0]

    opened: list[Client] = []
    clients = pool(opened)
    asyncio.run(main())


# -- a blocking stream in a thread ----------------------------------------------------------------------------------


def test_a_thread_hands_on_items_and_errors() -> None:
    def read() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("three")

    async def main() -> None:
        with pytest.raises(ValueError, match="three"):
            async for item in in_thread(read, lambda: None):
                seen.append(item)

    seen: list[int] = []
    asyncio.run(main())
    assert seen == [1, 2]


def test_a_thread_is_stopped_when_nobody_reads_on() -> None:
    def read() -> Iterator[int]:
        yield 1
        stopped.wait(5)
        yield 2

    async def main() -> None:
        stream = in_thread(read, stopped.set)
        assert await stream.__anext__() == 1
        await stream.aclose()

    stopped = threading.Event()
    asyncio.run(main())
    assert stopped.is_set()
