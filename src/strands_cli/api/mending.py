"""A spec mended while its session rests: which finished steps it does differently, and what else it changes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from strands_cli.errors import ChangedSpecError, StrandsError
from strands_cli.kernel.forked import PROMPTS, prompt_of, without_note
from strands_cli.kernel.lanes import Lanes, Questions
from strands_cli.kernel.mended import other_call
from strands_cli.kernel.questions import stored
from strands_cli.kernel.state import State
from strands_cli.kernel.types import AgentReply, Answer, Names, Outcome, Paused, Question
from strands_cli.spec.within import agent_of
from strands_cli.types import RIGHTS, Json

if TYPE_CHECKING:
    from strands_cli.kernel.types import Within
    from strands_cli.spec.root import Spec

T = TypeVar("T")
Body = Callable[[Any], Awaitable[Outcome]]
_SHOWN = 40


class Replay:
    """A run that only reads: it follows a pattern as far as the journal goes, and notes what differs on the way.

    It offers what patterns ask of a `Run`.

    Args:
        state: The fold of the session's journal.
        default_prompt: What an agent is told when its step has no input.
        same_agent: Whether an agent is what it was when the session ran last.
        workflows: The workflows that steps run.

    Attributes:
        differing: Key to how what is on record differs there.
        seen: The keys of what it came past.
        resting: Steps that were left in the middle, and that the same agent goes on with.
        rights: Open questions to who may answer them, where that differs.
        acts: Steps without an agent that are in the middle of their call.
        below: What keys on record begin with: nothing, as `RunWithin` stands around this for a workflow within.
    """

    def __init__(
        self,
        state: State,
        default_prompt: Callable[[str, Names], str],
        same_agent: Callable[[str], bool],
        workflows: Mapping[str, Within] | None = None,
    ) -> None:
        self.default_prompt = default_prompt
        self.workflows: Mapping[str, Within] = workflows or {}
        self.differing: dict[str, str] = {}
        self.seen: set[str] = set()
        self.resting: set[str] = set()
        self.rights: dict[str, dict[str, Json]] = {}
        self.acts: dict[str, Any] = {}
        self.below: str = ""
        self._state = state
        self._same_agent = same_agent
        self._lanes = Lanes(Questions())

    async def agent(self, key: str, agent: str, prompt: str, *, act: Any = None, **_: Any) -> AgentReply:
        reply = self._state.reply(key)
        if reply is None:
            self._note_begun(key, agent, prompt if act is not None else "")
            if act is not None and key in self._state.started:
                self.acts[key] = act
            raise Paused((key,))
        self.seen.add(key)
        begun = self._state.started[key].data
        if begun["agent"] != agent:
            self.differing[key] = f"its agent was {begun['agent']!r} and is {agent!r}"
        elif begun["prompt"] != (prompt := self._prompt(key, prompt)):
            self.differing[key] = f"its input was {_short(begun['prompt'])} and is {_short(prompt)}"
        elif not self._same_agent(agent):
            self.differing[key] = f"the prompt of its agent {agent!r} is another"
        return reply

    def _prompt(self, key: str, prompt: str) -> str:
        return prompt_of(self._state.origin, key, prompt) if PROMPTS in self._state.origin else prompt

    def _note_begun(self, key: str, agent: str, arguments: str) -> None:
        """Note whether a step that is not finished is in the middle of another agent's work, or of another call.

        `arguments` are those of a step without an agent, as JSON; "" for one with an agent.
        """
        begun = self._state.started.get(key)
        if begun is None:
            return
        if begun.data["agent"] == agent:
            is_other = arguments and begun.data["prompt"] != arguments
            other = other_call(self._state.progress(key), arguments) if is_other else None
            if other is not None and other[1] == "made":
                told = json.dumps(other[0]["input"], ensure_ascii=False)
                self.differing[key] = f"its call was made with {_short(told)} and is {_short(arguments)}"
            if other is None or other[1] != "asked":
                self.resting.add(key)
        elif self._state.inner.get(key):
            self.differing[key] = f"agent {begun.data['agent']!r} is in the middle of it, and its agent is {agent!r}"

    async def part(self, key: str, name: str, told: str, body: Callable[[], Awaitable[AgentReply]]) -> AgentReply:
        begun = self._state.started.get(key)
        if begun is not None and key in self._state.done and begun.data["agent"] == name:
            self.seen.add(key)
            if begun.data["prompt"] != told:
                self.differing[key] = f"its inputs were {_short(begun.data['prompt'])} and are {_short(told)}"
        made = await body()
        return await self.agent(key, name, told) if key in self._state.done else made

    async def ask(self, key: str, question: Question) -> Answer:
        asked = self._state.asked.get(key)
        if asked is None:
            raise Paused((key,))
        self.seen.add(key)
        here = stored(question, 0.0)
        open_only = () if key in self._state.answered else ("default",)
        for name in ("prompt", "context", "choices", "schema", "pattern", *open_only):
            told = asked.data.get(name)
            if name == "context":
                told = without_note(self._state.origin, told)
            if _plain(here.get(name)) != _plain(told):
                word = "question" if name == "prompt" else name
                state = "was answered" if key in self._state.answered else "is open"
                self.differing[key] = f"its {word} {state} as {_short(asked.data.get(name))}"
                break
        answer = self._state.answered.get(key)
        if answer is None:
            self.rights[key] = {name: here[name] for name in RIGHTS if name in here}
            raise Paused((key,))
        return Answer(answer.data["value"], answer.data.get("by", ""), answer.at, bool(answer.data.get("timed_out")))

    async def all(
        self,
        jobs: Mapping[str, Callable[[], Awaitable[T]]],
        after: Mapping[str, Sequence[str]] | None = None,
        *,
        limit: int | None = None,
    ) -> dict[str, T]:
        return await self._lanes.all(jobs, after)

    def caught(self, key: str) -> Mapping[str, Json] | None:
        found: Mapping[str, Json] | None = self._state.noted.get(f"{key}/caught")
        if found is not None:
            self.seen.update((key, *(done for done in self._state.done if done.startswith(f"{key}/"))))
            self.seen.update(asked for asked in self._state.asked if asked.startswith(f"{key}/"))
        return found

    async def catch(self, key: str, error: Exception) -> Mapping[str, Json]:
        raise error

    async def now(self, key: str) -> float:
        if key not in self._state.noted:
            raise Paused((key,))
        return float(self._state.noted[key])

    async def uuid(self, key: str) -> str:
        if key not in self._state.noted:
            raise Paused((key,))
        return str(self._state.noted[key])


class Differences(NamedTuple):
    """What a mended pattern does differently.

    Attributes:
        steps: The keys of what is on record, to how it differs.
        left: The questions that it leaves behind.
        rights: Its own open questions to who may answer them.
        acts: The steps without an agent that are in the middle of their call.
    """

    steps: dict[str, str]
    left: list[str]
    rights: dict[str, dict[str, Json]]
    acts: dict[str, Any]


async def differing_steps(
    state: State,
    body: Body,
    default_prompt: Callable[[str, Names], str],
    same_agent: Callable[[str], bool],
    workflows: Mapping[str, Within] | None = None,
) -> Differences:
    """Return what a pattern does differently in what is on record.

    Args:
        state: The fold of the session's journal.
        body: The pattern of the mended spec, bound to its configuration and names.
        default_prompt: See `Replay`.
        same_agent: See `Replay`.
        workflows: See `Replay`.
    """
    replay = Replay(state, default_prompt, same_agent, workflows)
    try:
        await body(replay)
    except Paused:
        pass
    except StrandsError:
        left = sorted(state.left - replay.seen)  # the run will fail there too, and say why
        return Differences(replay.differing, left, replay.rights, replay.acts)
    for key in (*state.done, *(key for key, entry in state.asked.items() if _is_step(key, entry.data))):
        if key not in replay.seen:
            replay.differing.setdefault(key, "the workflow does not come to it any more")
    left = [key for key, entry in state.asked.items() if not _waits(replay, state, key, entry.data)]
    return Differences(replay.differing, left, replay.rights, replay.acts)


def _waits(replay: Replay, state: State, key: str, asked: Mapping[str, Json]) -> bool:
    """Whether the pattern, or a step that it comes to, still has a use for the answer to a question."""
    if "of" not in asked:
        return key in replay.seen or not _is_step(key, asked)
    step = state.step(asked["of"])
    return step in replay.seen or step in replay.resting or not state.is_open(key)


def changed_parts(before: Json, after: Json, path: str = "") -> list[str]:
    """Return the paths at which two specs differ, the short values with what they were and are."""
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for name in dict.fromkeys((*before, *after))
            for line in changed_parts(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            line
            for index, (old, new) in enumerate(zip(before, after, strict=True))
            for line in changed_parts(old, new, f"{path}[{index}]")
        ]
    return [f"{path}: {_short(before)} -> {_short(after)}"]


def refusal(session_id: str, differing: Mapping[str, str], source: str) -> ChangedSpecError:
    """Return the error that names the finished steps which a mended spec does differently."""
    lines = "; ".join(f"{key!r}: {how}" for key, how in differing.items())
    return ChangedSpecError(
        f"{source} differs from what session {session_id!r} has done: {lines}",
        hint=(
            "Undo that, or keep what is on record for these steps and go on with the rest: --accept-changes "
            "(in Python: accept_changes=True)."
        ),
        steps=list(differing),
    )


def same_agents(before: Spec, after: Spec) -> Callable[[str], bool]:
    """Return whether an agent, by its id, has the same prompt in two specs."""

    def same(agent: str) -> bool:
        if ":" in agent:
            return True  # a step without an agent: its arguments are all there is to it
        was, now = (agent_of(spec, agent).agent for spec in (before, after))
        return was is not None and now is not None and was.prompt == now.prompt

    return same


def _is_step(key: str, asked: Mapping[str, Json]) -> bool:
    """Whether a question is one of the pattern's own, and none of an agent, a tool or a budget."""
    return "of" not in asked and asked.get("type", "hitl") == "hitl"


def _plain(value: Json) -> Json:
    return json.loads(json.dumps(value)) if value else None


def _short(value: Json) -> str:
    text = value if isinstance(value, str) else "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return repr(shown) if isinstance(value, str) else shown
