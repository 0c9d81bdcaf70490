"""What happened in a rehearsal, for a test to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.state import State, text_of
from strands_cli.types import Json, OpenQuestion, RunResult, RunStatus

if TYPE_CHECKING:
    from strands_cli.kernel.events import Event
    from strands_cli.kernel.types import Entry


@dataclass(frozen=True)
class RehearsedToolCall:
    """A tool call, as it went.

    Attributes:
        name: The tool.
        input: Its arguments.
        output: What the model was told: text, or "" where the call did not happen.
        failed: Whether that was an error, or the call was refused.
        step: The key of the step in which it was made.
        agent: Who made it.
    """

    name: str
    input: Json
    output: str = ""
    failed: bool = False
    step: str = ""
    agent: str = ""


@dataclass(frozen=True)
class RehearsedStep:
    """A call of an agent, or of what a step without an agent does.

    Attributes:
        key: Its place in the workflow: `steps/0`, `nodes/review`.
        agent: The agent's id; `tool:NAME` and the like for a step without one.
        prompt: What it was told.
        response: What it said; "" where it has not come to an end.
        status: done, failed, or running where the run stopped in it.
        tools: The tools that it used.
        tokens: How many were used, as the model counts them.
    """

    key: str
    agent: str
    prompt: str
    response: str = ""
    status: str = "done"
    tools: Sequence[RehearsedToolCall] = ()
    tokens: int = 0

    @property
    def data(self) -> Json:
        """The response as data.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.response)


@dataclass(frozen=True)
class RehearsedQuestion:
    """A question that was asked.

    Attributes:
        id: Its id: the place of a HITL step, `steps/1`; of what an agent asks, that and its interrupt.
        prompt: What was asked.
        context: What the person was shown, or None.
        choices: The allowed answers, or None for any.
        kind: Who asked: hitl, interrupt, approval, ambiguous_tool, budget, elicitation.
        answer: The answer, or None where there is none.
        by: Who answered; "" for nobody.
        is_open: Whether it still waits.
        timed_out: Whether nobody answered before its deadline.
    """

    id: str
    prompt: str
    context: str | None = None
    choices: Sequence[str] | None = None
    kind: str = "hitl"
    answer: Json = None
    by: str = ""
    is_open: bool = False
    timed_out: bool = False


@dataclass(frozen=True)
class Rehearsal:
    """What happened in a rehearsal.

    Attributes:
        result: The result, as `Workflow.run` returns it.
        steps: What agents, and steps without one, did, in the order in which they began.
        questions: What was asked, in its order.
        artifacts: The files that were written: the path below the output directory to the text.
        events: Every event, as listeners get it.
    """

    result: RunResult
    steps: Sequence[RehearsedStep] = ()
    questions: Sequence[RehearsedQuestion] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[Event] = ()

    @property
    def status(self) -> RunStatus:
        """completed, paused, failed or cancelled."""
        return self.result.status

    @property
    def response(self) -> str:
        """The final text."""
        return self.result.last_response

    @property
    def error(self) -> str | None:
        """Why it failed, or None."""
        return self.result.error_message

    @property
    def context(self) -> Mapping[str, Json]:
        """What each part of the pattern produced: `RunResult.execution_context`."""
        return self.result.execution_context

    @property
    def open_questions(self) -> list[RehearsedQuestion]:
        """What still waits for an answer."""
        return [question for question in self.questions if question.is_open]

    @property
    def agents(self) -> list[str]:
        """Who did the steps, in their order: `["researcher", "writer"]`."""
        return [step.agent for step in self.steps]

    @property
    def tools(self) -> list[RehearsedToolCall]:
        """All tool calls, in the order of the steps."""
        return [use for step in self.steps for use in step.tools]

    def step(self, name: str) -> RehearsedStep:
        """Return the newest step of an agent, or the one of a key.

        Raises:
            LookupError: There is none.
        """
        for step in reversed(self.steps):
            if name in (step.key, step.agent):
                return step
        known = ", ".join(f"{step.key} ({step.agent})" for step in self.steps) or "none"
        raise LookupError(f"there was no step {name!r}; the steps: {known}")


def rehearsal(result: RunResult, state: State, artifacts: Mapping[str, str], events: Sequence[Event]) -> Rehearsal:
    """Return what happened.

    Args:
        result: What the run came to.
        state: Its record.
        artifacts: The files that it wrote: path to text.
        events: What listeners were told.
    """
    steps = [_step(state, key, entry) for key, entry in state.started.items()]
    questions = [_asked(state, key, entry) for key, entry in state.asked.items()]
    return Rehearsal(result, steps, questions, artifacts, events)


def _step(state: State, key: str, started: Entry) -> RehearsedStep:
    done, agent = state.done.get(key), started.data["agent"]
    status = "done" if done is not None else "failed" if key in state.failed else "running"
    response = text_of(done.data["message"]) if done is not None else ""
    tools = [use for owner in state.inner if state.step(owner) == key for use in _tools(state, owner, key, agent)]
    return RehearsedStep(key, agent, started.data["prompt"], response, status, tools, state.tokens.get(key, 0))


def _tools(state: State, owner: str, step: str, agent: str) -> list[RehearsedToolCall]:
    entries = state.inner[owner]
    ended = {entry.key: entry.data["result"] for entry in entries if entry.kind == "done" and "result" in entry.data}
    begun = {entry.key: entry.data for entry in entries if entry.kind == "started" and "name" in entry.data}
    uses = _uses(entries)
    found = []
    for key in dict.fromkeys([*begun, *ended]):
        result = ended.get(key) or {}
        use = uses.get((begun.get(key) or ended[key])["id" if key in begun else "toolUseId"])
        if use is None:
            continue
        output = "\n".join(_text(block) for block in result.get("content", ()))
        found.append(
            RehearsedToolCall(use["name"], use.get("input", {}), output, result.get("status") == "error", step, agent)
        )
    return found


def _uses(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return tool use id to the tool use, as the replies have it."""
    messages = [entry.data["message"] for entry in entries if "message" in entry.data]
    blocks = [block for message in messages for block in message.get("content", ())]
    return {block["toolUse"]["toolUseId"]: block["toolUse"] for block in blocks if "toolUse" in block}


def _text(block: Mapping[str, Any]) -> str:
    return str(block["text"]) if "text" in block else json.dumps(block.get("json", ""), ensure_ascii=False)


def _asked(state: State, key: str, entry: Entry) -> RehearsedQuestion:
    from strands_cli.kernel.questions import opened

    question: OpenQuestion = opened(entry)
    closed = state.answered.get(key)
    data = closed.data if closed is not None else {}
    return RehearsedQuestion(
        key,
        question.prompt,
        question.context,
        question.choices,
        question.kind,
        data.get("value"),
        str(data.get("by") or ""),
        is_open=state.is_open(key),
        timed_out=key in state.expired or bool(data.get("timed_out")),
    )
