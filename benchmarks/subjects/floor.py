"""The hand-written floor: what a bare asyncio program needs to do the same."""

import asyncio
import json
import os
from functools import partial

LABEL = "floor"
IMPORT = "import asyncio, json"
DISTRIBUTION = None


async def _model(messages, tools):
    """Stream a reply in three events, as a provider's client hands it on."""
    last = messages[-1]
    if tools and last["role"] == "user":
        calls = [{"id": f"call-{n}", "name": "add", "arguments": json.dumps({"a": n, "b": 1})} for n in range(tools)]
        yield {"calls": calls}
    elif tools:
        yield {"text": str(sum(int(text) for text in last["results"]))}
    else:
        yield {"text": "done"}
    yield {"usage": {"inputTokens": 10, "outputTokens": 2}}
    yield {"stop": True}


async def _add(a: int, b: int) -> int:
    return a + b


def _add_sync(a: int, b: int) -> int:
    return a + b


async def _call(call, sync):
    arguments = json.loads(call["arguments"])
    if set(arguments) != {"a", "b"} or not all(isinstance(value, int) for value in arguments.values()):
        raise TypeError(f"bad arguments {arguments!r}")
    if sync:
        return str(await asyncio.to_thread(_add_sync, **arguments))
    return str(await _add(**arguments))


async def _run(messages, tools=0, sync=False):
    tokens = 0
    while True:
        text, calls = "", []
        async for event in _model(messages, tools):
            text += event.get("text", "")
            calls += event.get("calls", ())
            tokens += sum(event.get("usage", {}).values())
        messages.append({"role": "assistant", "text": text, "calls": calls})
        if not calls:
            return text
        results = await asyncio.gather(*(_call(call, sync) for call in calls))
        messages.append({"role": "tool", "results": results})


async def turn(tools, *, sync=False):
    async def run():
        return await _run([{"role": "user", "text": "go"}], tools, sync)

    return run


def _append(descriptor, value):
    os.write(descriptor, json.dumps(value).encode() + b"\n")
    os.fsync(descriptor)


async def long_turn(messages, store, stack):
    history = [{"role": ("user", "assistant")[n % 2], "text": f"message {n} " * 10} for n in range(messages)]
    descriptor = os.open(store / "thread", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600) if store else None

    async def run():
        if descriptor is None:
            del history[messages:]
        history.append({"role": "user", "text": "go"})
        text = await _run(history)
        if descriptor is not None:
            _append(descriptor, history[-2:])
        return text

    return run


async def chain(delay, store, stack):
    async def run(name):
        descriptor = os.open(store / name, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600) if store else None
        texts = []
        for n in range(5):
            await asyncio.sleep(delay)
            texts.append(f"reply {n}")
            if descriptor is not None:
                _append(descriptor, {"step": n, "text": texts[-1]})
        if descriptor is not None:
            os.close(descriptor)
        return texts

    return lambda name: partial(run, name)


class _Approval:
    def __init__(self, store, name):
        self.path = store / name
        self.question = None

    async def ask(self):
        self.question = {"tool": "delete", "input": {"path": "old.txt"}}
        descriptor = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        _append(descriptor, self.question)
        os.close(descriptor)

    async def answer(self):
        question = self.question or json.loads(self.path.read_text())
        return f"deleted {question['input']['path']}"


approval = gate = _Approval
