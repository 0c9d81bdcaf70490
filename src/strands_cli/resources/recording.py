"""Recordings: what models replied, tools returned and people answered in real runs, one line each in a file.

No secret of the workflow is in one. A line is written as soon as what it tells has happened.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import weakref
from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from strands.types.json_bytes import encode_bytes_values
from strands_cli.errors import StorageError
from strands_cli.resources.model_layer import ModelLayer
from strands_cli.resources.stand_in import Provided, StandIn

if TYPE_CHECKING:
    from strands.hooks.events import AfterToolCallEvent
    from strands.hooks.registry import HookRegistry
    from strands.models.model import Model
    from strands.types.streaming import StreamEvent
    from strands_cli.kernel.events import Event
    from strands_cli.resources.secrets import Secrets
    from strands_cli.types import Json

FORMAT = 1
_TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")


class Recorder(StandIn):
    """Records what the models of a workflow reply.

    Args:
        path: The file. A recording that is there already is replaced by the first reply.
        anew: Whether it is replaced; else it is gone on with.

    Raises:
        StorageError: It cannot be written, or is a file of another kind.
    """

    def __init__(self, path: str | PathLike[str], *, anew: bool = True) -> None:
        self._path: Path = Path(path).expanduser().absolute()
        self._anew = anew
        self._secrets: weakref.WeakSet[Secrets] = weakref.WeakSet()
        check_recording(self._path, fspath(path))

    @property
    def origin(self) -> Mapping[str, Json]:
        return {"record": str(self._path)}

    def begin(self, secrets: Secrets) -> None:
        if secrets:
            self._secrets.add(secrets)

    def model(self, provided: Provided, agent: str, model_id: str | None = None) -> Model:
        return RecordedModel(provided(agent, model_id), self, agent)

    def hooks(self, agent: str) -> list[Any]:
        return [ToolRecorder(self, agent)]

    def answered(self, event: Event) -> None:
        """Record an answer."""
        if "value" in event.data and not event.data.get("timed_out"):
            self.write("answer", {"id": event.step_id, "value": event.data["value"]})

    def write(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add a line.

        Raises:
            StorageError: It cannot be written.
        """
        told = encode_bytes_values({kind: dict(data)})
        for secrets in list(self._secrets):  # of the workflow, and of those that its steps run
            told = secrets.scrub(told)
        lines = [json.dumps(told, ensure_ascii=False, default=str)]
        if self._anew or not self._path.exists():
            lines.insert(0, json.dumps({"recording": FORMAT}))
        flags = os.O_TRUNC if self._anew else os.O_APPEND
        text = "".join(f"{line}\n" for line in lines)
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | flags, 0o600)
            with open(file, "r+b", buffering=0) as stream:
                size = stream.seek(0, os.SEEK_END)
                if size and os.pread(file, 1, size - 1) != b"\n":  # a process was killed while it wrote that line
                    text = f"\n{text}"
                stream.write(text.encode("utf-8", "backslashreplace"))  # JSON has half a character as its escape
        except OSError as error:
            raise _unwritable(str(self._path), error) from None
        self._anew = False


class RecordedModel(ModelLayer):
    """A model whose replies are recorded, once they have come whole.

    Args:
        model: The model.
        recorder: What records them.
        agent: Whose model it is.
    """

    def __init__(self, model: Model, recorder: Recorder, agent: str) -> None:
        super().__init__(model)
        self._recorder = recorder
        self._agent = agent

    async def stream(
        self, messages: Any, tool_specs: Any = None, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield what the model says, and record it."""
        request = as_request(self._agent, messages, system_prompt, kwargs)
        events: list[Any] = []
        stream: AsyncIterable[Any] = self._model.stream(messages, tool_specs, system_prompt, **kwargs)
        closing: Any = contextlib.aclosing(stream) if hasattr(stream, "aclose") else contextlib.nullcontext()
        async with closing:
            async for event in stream:
                events.append(event)
                yield event
        self._recorder.write("call", {**request, "events": list(_joined(events))})


class ToolRecorder:
    """Records what tools return; a hook provider.

    Args:
        recorder: What records it.
        agent: Who calls them.
    """

    def __init__(self, recorder: Recorder, agent: str) -> None:
        self._recorder = recorder
        self._agent = agent

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register to see the result last of all: callbacks after a tool run in the reverse order."""
        from strands.hooks.events import AfterToolCallEvent
        from strands.hooks.registry import HookOrder

        registry.add_callback(AfterToolCallEvent, self.after, order=HookOrder.SDK_FIRST - 2)

    def after(self, event: AfterToolCallEvent) -> None:
        if event.cancel_message is None and not event.retry:
            use = event.tool_use
            result = {name: value for name, value in event.result.items() if name != "toolUseId"}
            self._recorder.write(
                "tool", {"agent": self._agent, "name": use["name"], "input": use["input"], "result": result}
            )


def as_request(agent: str, messages: Any, system_prompt: str | None, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model is asked, as a recording has it: its newest message, and a digest of all of it.

    Times are left out of the digest: prompts may say when they are made.
    """
    system = kwargs.get("system_prompt_content") or system_prompt or ""
    said = [[message["role"], _plain(message["content"])] for message in messages]
    whole = json.dumps([agent, _plain(system), said, kwargs.get("tool_choice")], sort_keys=True, default=str)
    digest = hashlib.sha256(_TIMES.sub("TIME", whole).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    newest = messages[-1]["content"] if messages else []
    return {"agent": agent, "digest": digest, "system": _text(system), "prompt": _text(newest)}


def _plain(value: Any) -> Any:
    """Return content without the ids of tool uses, which a provider makes up."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in encode_bytes_values(value).items() if name != "toolUseId"}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _text(content: Any) -> str:
    """Return what content says, for people."""
    if isinstance(content, str):
        return content
    parts = []
    for block in content:
        result = block.get("toolResult")
        if "text" in block:
            parts.append(str(block["text"]))
        elif result is not None:
            parts += [str(each.get("text", each.get("json", ""))) for each in result.get("content", ())]
    return "\n".join(parts)


def _joined(events: list[Any]) -> Iterator[Any]:
    """Yield the events of a reply; pieces of text that follow each other are one."""
    held: dict[str, Any] | None = None
    for event in events:
        delta = event["contentBlockDelta"]["delta"] if "contentBlockDelta" in event else None
        if held is not None and delta is not None and (both := _both(held, delta)) is not None:
            held = both
            continue
        if held is not None:
            yield {"contentBlockDelta": {"delta": held}}
        held = dict(delta) if delta is not None else None
        if delta is None:
            yield event
    if held is not None:
        yield {"contentBlockDelta": {"delta": held}}


def _both(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return two pieces of one kind as one, or None where they are not."""
    for name, inner in (("text", None), ("toolUse", "input"), ("reasoningContent", "text")):
        one, other = first.get(name), second.get(name)
        if set(first) != {name} or set(second) != {name}:
            continue
        if inner is None:
            return {name: cast(str, one) + cast(str, other)}
        if isinstance(one, dict) and isinstance(other, dict) and set(one) == set(other) == {inner}:
            return {name: {inner: one[inner] + other[inner]}}
    return None


def check_recording(path: Path, name: str) -> None:
    """Check that a recording can be written to a place.

    Raises:
        StorageError: It cannot, or something else is there.
    """
    if not path.parent.is_dir():
        raise StorageError(f"cannot write {name!r}: there is no directory {str(path.parent)!r}", hint="Make it first.")
    try:
        with path.open("rb") as file:
            first = file.readline(200)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(name, error) from None
    if first.strip() and not first.startswith(b'{"recording"'):
        raise StorageError(f"{name!r} is there and is not a recording", hint="Choose another name for the recording.")


def _unwritable(name: str, error: OSError) -> StorageError:
    return StorageError(f"cannot write {name!r}: {error.strerror}", hint="Choose a file that is writable.")
