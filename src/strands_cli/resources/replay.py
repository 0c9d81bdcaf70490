"""Replaying a recording: models reply and tools return what they did then, and nothing is sent anywhere."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands.models.model import Model
from strands.tools.results import as_result
from strands.types.json_bytes import decode_bytes_values
from strands.types.tools import DirectTool
from strands_cli.errors import InputError, NotRecordedError
from strands_cli.resources.recording import FORMAT, Recorder, as_request
from strands_cli.resources.rehearsed import RehearsedTool, harmless
from strands_cli.resources.stand_in import Provided, StandIn
from strands_cli.terminal.escape import one_line

if TYPE_CHECKING:
    from strands.hooks.events import BeforeToolCallEvent
    from strands.hooks.registry import HookRegistry
    from strands.types.streaming import StreamEvent
    from strands.types.tools import AgentTool, ToolContext, ToolResult, ToolSpec, ToolUse
    from strands_cli.types import Json


class Replayer(StandIn):
    """Gives agents the models and the tools of a recording.

    Args:
        path: The recording.

    Raises:
        LoadError: It cannot be read.
        InputError: It is not a recording, or one of a newer build.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        from strands_cli.loader.load import read_text

        self._path: Path = Path(path).expanduser().absolute()
        self.name: str = fspath(path)
        self.answers: dict[str, Json] = {}
        self._calls: list[Mapping[str, Any]] = []
        self._tools: dict[str, list[Mapping[str, Any]]] = {}
        self._replies: dict[str, list[Any]] = {}
        for number, line in enumerate(
            read_text(self._path, self.name).split("\n")
        ):  # texts may hold other ends of lines
            try:
                self._take(number, line)
            except (AttributeError, KeyError, TypeError, RecursionError):
                raise InputError(
                    f"line {number + 1} of {self.name!r} is none of a recording", hint=self._again()
                ) from None
        if not self._calls and not self._tools:
            raise InputError(f"nothing is recorded in {self.name!r}", hint=self._again())

    @property
    def origin(self) -> Mapping[str, Json]:
        return {"replay": str(self._path)}

    def model(self, provided: Provided, agent: str, model_id: str | None = None) -> Model:
        return ReplayedModel(self, agent)

    def hooks(self, agent: str) -> list[Any]:
        return [ToolReplay(self)]

    def reply(self, request: Mapping[str, Any]) -> list[Any]:
        """Return the events of the reply to a request.

        Raises:
            NotRecordedError: There is none, or they were all given.
        """
        replies = self._replies.get(request["digest"])
        if not replies:
            raise self._unknown(request, was_known=replies is not None)
        found: list[Any] = decode_bytes_values(replies.pop(0))
        return found

    def result(self, name: str, arguments: Any) -> Mapping[str, Any] | None:
        """Return what a tool returned for these arguments, or None; the last result stands for later calls."""
        results = self._tools.get(_call(name, arguments), [])
        return (results.pop(0) if len(results) > 1 else results[0]) if results else None

    def unknown_call(self, name: str, arguments: Any) -> NotRecordedError:
        """Return the error for a tool call that is not in the recording."""
        shown = one_line(json.dumps(arguments, ensure_ascii=False, default=str), 120)
        return NotRecordedError(f"{self.name!r} has no result of tool {name!r} for {shown}", hint=self._again())

    def _take(self, number: int, line: str) -> None:
        try:
            told = json.loads(line)
            known = dict(told) if number else {"version": told["recording"]}
        except (ValueError, TypeError, KeyError):
            if number:
                return  # a process was killed while it wrote this line
            raise InputError(
                f"{self.name!r} is not a recording", hint="Make one: strands run SPEC --record FILE."
            ) from None
        if not number and known["version"] != FORMAT:
            raise InputError(f"{self.name!r} was recorded by a newer build", hint="Upgrade this one.")
        if "call" in known:
            call = known["call"]
            told = {name: _text(call[name]) for name in ("agent", "digest", "system", "prompt")}
            self._replies.setdefault(told["digest"], []).append([_mapping(each) for each in call["events"]])
            self._calls.append(told)
        elif "tool" in known:
            tool = known["tool"]
            self._tools.setdefault(_call(tool["name"], tool["input"]), []).append(_mapping(tool["result"]))
        elif "answer" in known:
            self.answers[_text(known["answer"]["id"])] = known["answer"]["value"]

    def _unknown(self, request: Mapping[str, Any], *, was_known: bool) -> NotRecordedError:
        agent, prompt = request["agent"], one_line(request["prompt"], 120)
        asked = f"{self.name!r} has no reply of agent {agent!r} to {prompt!r}"
        own = [call for call in self._calls if call["agent"] == agent]
        same = [call for call in own if call["prompt"] == request["prompt"]]
        if was_known:
            why = "it was asked so once less then"
        elif any(call["system"] != request["system"] for call in same):
            why = "its prompt was asked then, with other instructions"
        elif same:
            why = "its prompt was asked then, after another conversation"
        elif own:
            why = "recorded are " + ", ".join(repr(one_line(call["prompt"], 60)) for call in own[:3])
            why += f" and {len(own) - 3} more" if len(own) > 3 else ""
        else:
            agents = ", ".join(dict.fromkeys(call["agent"] for call in self._calls))
            why = f"recorded are replies of {agents or 'no agent'}"
        return NotRecordedError(f"{asked}: {why}", hint=self._again())

    def _again(self) -> str:
        return f"Record it again, with a provider: strands run SPEC --record {self.name}"


class ReplayedModel(Model):
    """A model that replies what is recorded.

    Args:
        replay: The recording.
        agent: Whose model it is.
    """

    def __init__(self, replay: Replayer, agent: str) -> None:
        self._replay = replay
        self._agent = agent

    def update_config(self, **model_config: Any) -> None:
        """There is nothing to configure."""

    def get_config(self) -> dict[str, Any]:
        return {"model_id": "replayed"}

    async def stream(
        self, messages: Any, tool_specs: Any = None, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the recorded reply.

        Raises:
            NotRecordedError: There is none.
        """
        for event in self._replay.reply(as_request(self._agent, messages, system_prompt, kwargs)):
            yield event


class ToolReplay:
    """Lets tools return what is recorded; a hook provider.

    Args:
        replay: The recording.
    """

    def __init__(self, replay: Replayer) -> None:
        self._replay = replay

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register behind everybody else but what rehearses the tools."""
        from strands.hooks.events import BeforeToolCallEvent
        from strands.hooks.registry import HookOrder

        registry.add_callback(BeforeToolCallEvent, self.before, order=HookOrder.SDK_LAST + 9)

    def before(self, event: BeforeToolCallEvent) -> None:
        if event.cancel_tool:
            return
        tool = event.selected_tool
        result = self._replay.result(event.tool_use["name"], event.tool_use["input"])
        if result is not None:
            event.selected_tool = ReplayedTool(tool or AbsentTool(event.tool_use["name"]), result)
        elif tool is not None and (not harmless(tool) or isinstance(tool, RehearsedTool)):
            raise self._replay.unknown_call(event.tool_use["name"], event.tool_use["input"])


class AbsentTool(DirectTool):
    """A tool that is not here, such as one of a server that a replay does not start.

    Args:
        name: What it is called.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def tool_name(self) -> str:
        return self._name

    @property
    def tool_spec(self) -> ToolSpec:
        return {"name": self._name, "description": "", "inputSchema": {"json": {"type": "object"}}}

    @property
    def tool_type(self) -> str:
        return "replayed"

    async def run(
        self, tool_use: ToolUse, invocation_state: dict[str, Any], context: ToolContext[Any] | None, emit: Any
    ) -> ToolResult:
        """It cannot be called."""
        raise NotImplementedError


class ReplayedTool(RehearsedTool):
    """Stands for a tool that is not called, and returns what is recorded.

    Args:
        tool: The tool.
        result: Its recorded result.
    """

    def __init__(self, tool: AgentTool, result: Mapping[str, Any]) -> None:
        super().__init__(tool)
        self._result = result

    async def run(
        self, tool_use: ToolUse, invocation_state: dict[str, Any], context: ToolContext[Any] | None, emit: Any
    ) -> ToolResult:
        """Return the recorded result."""
        return as_result(tool_use["toolUseId"], {**decode_bytes_values(dict(self._result))})


def stand_in_of(origin: Mapping[str, Json]) -> StandIn | None:
    """Return what stood between a session's agents and their models when it began, to go on with it.

    Raises:
        LoadError, InputError: The recording that it replays cannot be read.
        StorageError: The one that it writes cannot be written.
    """
    if "replay" in origin:
        return Replayer(origin["replay"])
    return Recorder(origin["record"], anew=False) if "record" in origin else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {type(value).__name__}")
    return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"not a mapping: {type(value).__name__}")
    return value


def _call(name: str, arguments: Any) -> str:
    return f"{name} {json.dumps(arguments, sort_keys=True, default=str)}"
