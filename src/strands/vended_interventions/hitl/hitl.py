"""A person approves tool calls."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from strands._terminal import encodable, put, unambiguous
from strands._threads import in_thread
from strands.hooks.events import InsteadOfCall
from strands.interrupt import hook_prefix, looked_up
from strands.interventions.actions import Action, Confirm, Proceed, default_evaluate
from strands.interventions.handler import InterventionHandler

from .classifier import ClassifierResult, HumanInTheLoopClassifier, LLMClassifierConfig, judge

if TYPE_CHECKING:
    from strands.hooks.events import BeforeToolCallEvent

logger: logging.Logger = logging.getLogger(__name__)
TRUSTED = "hitl:trusted_tools"
"""The key of an agent's state under which the tools are that a person trusts for good."""
_TRUSTED_AS = "hitl:trusted_as"  # tool name to the hash of the tool that was trusted

_TERMINAL = threading.Lock()  # agents in several event loops may ask at once; one question at a time can be read


@runtime_checkable
class AskCallback(Protocol):
    """Asks a person, sync or async; None is a no."""

    def __call__(self, prompt: str, /) -> Any:
        """Return what the person answers to `prompt`."""
        ...


@runtime_checkable
class EvaluateCallback(Protocol):
    """Judges an answer."""

    def __call__(self, response: Any, /) -> bool:
        """Return whether the answer is a yes."""
        ...


class HumanInTheLoop(InterventionHandler):
    """A person approves every tool call, except those that may run freely.

    Args:
        allowed_tools: Tools that run freely; "*" is all of them, "!name" excepts one of them again.
        classifier: Judges which other calls need approval: True asks the agent's model, `LLMClassifierConfig` says
            with what, a callable decides itself. None: all of them need it.
        enable_trust: An answer of trust approves the call and the tool from then on; kept in `agent.state`. A tool
            excepted with "!" is never trusted.
        enable_respond: An answer "respond: TEXT" is a no whose text the model gets as the result of the call.
        evaluate_trust: Returns whether an answer is one of trust; the default takes "t" and "trust".
        evaluate: Returns whether an answer is a yes; the default takes True, "y" and "yes".
        ask: How the person is asked: None stops the agent with an interrupt, "stdio" asks in the terminal, a callable,
            sync or async, gets the question and returns the answer. None as its answer, and the end of the
            terminal's input, is a no.

    A classifier that fails, or says neither True nor False, leaves the decision to the person.

    Raises:
        ValueError: `allowed_tools` is one text instead of a list, or `ask` or `classifier` is none of the above.
    """

    def __init__(
        self,
        *,
        allowed_tools: Sequence[str] | None = None,
        classifier: bool | LLMClassifierConfig | HumanInTheLoopClassifier | None = None,
        enable_trust: bool = False,
        enable_respond: bool = False,
        evaluate_trust: EvaluateCallback | None = None,
        evaluate: EvaluateCallback | None = None,
        ask: AskCallback | Literal["stdio"] | None = None,
    ) -> None:
        if isinstance(allowed_tools, str):
            raise ValueError(f"allowed_tools is the text {allowed_tools!r}; it must be a list: [{allowed_tools!r}]")
        if ask not in (None, "stdio") and not callable(ask):
            raise ValueError(
                f"ask is {ask!r}; it must be 'stdio', a function of the question, or None for an interrupt"
            )
        if (
            classifier is not None
            and not isinstance(classifier, (bool, LLMClassifierConfig))
            and not callable(classifier)
        ):
            raise ValueError(f"classifier is {classifier!r}; it must be True, an LLMClassifierConfig or a function")
        names = list(allowed_tools or ())
        self._excepted = {name[1:] for name in names if name.startswith("!")}
        self._allowed = {name for name in names if not name.startswith("!")}
        self._classifier = classifier
        self._enable_trust = enable_trust
        self._enable_respond = enable_respond
        self._is_trust = evaluate_trust or _is_trust
        self._is_yes = evaluate or default_evaluate
        self._ask = ask
        if classifier and "*" in self._allowed:
            logger.warning("allowed_tools holds '*', so the classifier has no effect on what is not excepted with '!'")

    @property
    def name(self) -> str:
        return "strands:human-in-the-loop"

    async def before_tool_call(self, event: BeforeToolCallEvent, **kwargs: Any) -> Action:
        """Let the call pass, or ask."""
        tool = _tool_name(event)
        asked = _was_asked(event, self.name)  # then it was judged before, and the answer decides
        if not asked and (self._runs_freely(tool) or self._is_trusted(event, tool)):
            return Proceed()
        why = None
        if self._classifier and not asked:
            needed, why = await self._judged(event)
            if not needed:
                return Proceed(why)
        prompt = _prompt(event, why)
        answer = await self._answer(prompt, tool)
        return Confirm(prompt=prompt, response=answer, evaluate=lambda given: self._evaluate(event, tool, given))

    async def _answer(self, prompt: str, tool: str) -> Any:
        """Return what a person says at once, or None where the agent is to stop for it."""
        if self._ask is None:
            return None
        if self._ask == "stdio":
            options = "(y/n/t) [t: always]" if self._may_trust(tool) else "(y/n)"
            options += " or respond: TEXT" if self._enable_respond else ""
            answer = await in_thread(lambda: _answer_from_terminal(prompt, options))
        else:
            answer = self._ask(prompt)
            answer = await answer if isinstance(answer, Awaitable) else answer
        return False if answer is None else answer

    def _runs_freely(self, tool: str) -> bool:
        return tool not in self._excepted and ("*" in self._allowed or tool in self._allowed)

    def _is_trusted(self, event: BeforeToolCallEvent, tool: str) -> bool:
        if not self._may_trust(tool) or tool not in (event.agent.state.get(TRUSTED) or []):
            return False
        known = event.agent.state.get(_TRUSTED_AS) or {}
        return tool not in known or known[tool] == event.binding().basis  # another tool of that name was not trusted

    def _may_trust(self, tool: str) -> bool:
        return self._enable_trust and tool not in self._excepted

    def _evaluate(self, event: BeforeToolCallEvent, tool: str, answer: Any) -> bool:
        told = _responded(answer) if self._enable_respond else ""
        if told:
            event.cancel_tool = InsteadOfCall(told)
            return True
        if self._may_trust(tool) and self._is_trust(answer):
            trusted = event.agent.state.get(TRUSTED) or []
            event.agent.state.set(TRUSTED, [*trusted, tool] if tool not in trusted else trusted)
            known = event.agent.state.get(_TRUSTED_AS) or {}
            event.agent.state.set(_TRUSTED_AS, {**known, tool: event.binding().basis})
            return True
        return bool(self._is_yes(answer))

    async def _judged(self, event: BeforeToolCallEvent) -> tuple[bool, str | None]:
        """Return whether a person is needed, and why; when in doubt one is."""
        try:
            judged = await self._classify(event)
            needed: Any = judged.requires_human_in_the_loop
            why = getattr(judged, "reason", None)
        except Exception as error:
            logger.warning("the classifier failed, so a person is asked: %s", error)
            return True, None
        if not isinstance(needed, bool):
            logger.warning("the classifier made the non-boolean decision %r, so a person is asked", needed)
            return True, why
        return needed, why

    async def _classify(self, event: BeforeToolCallEvent) -> ClassifierResult:
        if callable(self._classifier):
            judged = self._classifier(event)
            return await judged if isinstance(judged, Awaitable) else judged
        config = self._classifier if isinstance(self._classifier, LLMClassifierConfig) else LLMClassifierConfig()
        return await judge(event, config)


def _tool_name(event: BeforeToolCallEvent) -> str:
    """Return the name of the tool that runs, whatever the model called."""
    return event.selected_tool.tool_name if event.selected_tool is not None else event.tool_use["name"]


def _prompt(event: BeforeToolCallEvent, why: str | None) -> str:
    name = _tool_name(event)
    arguments = json.dumps(event.tool_use["input"], ensure_ascii=False, default=repr)
    because = f"\n  Why: {why}" if why else ""
    return f'Approve "{name}"?\n  Input: {arguments}{because}'


def _responded(answer: Any) -> str:
    """Return the text that an answer gives the model in place of the call; "" where it gives none."""
    word, _, text = answer.partition(":") if isinstance(answer, str) else ("", "", "")
    return text.strip() if word.strip().lower() == "respond" else ""


def _is_trust(answer: Any) -> bool:
    return isinstance(answer, str) and answer.strip().lower() in ("t", "trust")


def _answer_from_terminal(prompt: str, options: str) -> str | None:
    with _TERMINAL:
        try:
            return input(encodable(f"{unambiguous(prompt)}\n{options} "))
        except EOFError:
            put("")
            return None


def _was_asked(event: Any, name: str) -> bool:
    """Return whether the question `name` about the tool call of a `BeforeToolCallEvent` was asked already."""
    id = hook_prefix(event.tool_use["toolUseId"]) + str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    return looked_up(event.agent.turn.interrupts.interrupts, id) is not None
