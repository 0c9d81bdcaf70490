"""What a tool is, what it is asked and what it answers."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Protocol

from strands._elsewhere import names_of
from strands.types.pydantic_fields import for_pydantic
from strands.types.tool_use import JSONSchema as JSONSchema
from strands.types.tool_use import RunToolHandler as RunToolHandler
from strands.types.tool_use import Tool as Tool
from strands.types.tool_use import ToolChoice as ToolChoice
from strands.types.tool_use import ToolChoiceAny as ToolChoiceAny
from strands.types.tool_use import ToolChoiceAnyDict as ToolChoiceAnyDict
from strands.types.tool_use import ToolChoiceAuto as ToolChoiceAuto
from strands.types.tool_use import ToolChoiceAutoDict as ToolChoiceAutoDict
from strands.types.tool_use import ToolChoiceTool as ToolChoiceTool
from strands.types.tool_use import ToolChoiceToolDict as ToolChoiceToolDict
from strands.types.tool_use import ToolConfig as ToolConfig
from strands.types.tool_use import ToolResult as ToolResult
from strands.types.tool_use import ToolResultBlock as ToolResultBlock
from strands.types.tool_use import ToolResultContent as ToolResultContent
from strands.types.tool_use import ToolResultStatus as ToolResultStatus
from strands.types.tool_use import ToolSpec as ToolSpec
from strands.types.tool_use import ToolUse as ToolUse

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from strands._core.recorder import SubagentRecord
    from strands._core.subagent import Attempt
    from strands.hooks.question_scope import QuestionScope
    from strands.interrupt import Interrupt

    _AgentT = TypeVar("_AgentT", default=Any)
else:
    from typing import TypeVar

    _AgentT = TypeVar("_AgentT")

ToolGenerator = AsyncGenerator[Any, None]


@dataclass(slots=True)
class ToolContext(Generic[_AgentT]):
    """What a tool with `context=True` gets to know.

    Attributes:
        tool_use: The call: its id, name and input.
        agent: The agent that makes it.
        invocation_state: What the caller of the agent passed along.
        cancel_signal: Set when the agent is to stop, or when the call was given up because of its time-out.
        idempotency_key: The same for every try of this one call; hand it to the service that must act only once.
    """

    tool_use: ToolUse
    agent: _AgentT
    invocation_state: dict[str, Any]
    cancel_signal: threading.Event = field(default_factory=threading.Event)
    idempotency_key: str = ""
    _scope: QuestionScope | None = field(default=None, repr=False, compare=False)
    _attempt: Attempt | None = field(default=None, repr=False, compare=False)

    @property
    def session_id(self) -> str:
        """The session that keeps the agent; where none does, a name of the agent's own."""
        agent: Any = self.agent
        return str(agent.session_id)

    def interrupt(self, name: str, reason: Any = None, response: Any = None) -> Any:
        """Ask a person, or return what was answered.

        Args:
            name: Tells this question from others of the same call.
            reason: Anything JSON that the person needs to see.
            response: An answer known in advance.

        Returns:
            The answer.

        Raises:
            InterruptException: There is no answer yet; let it pass.
            TypeError: `reason` is not JSON.
            ValueError: The name was used in this call already.
        """
        return self._own_scope().ask(name, reason, response)

    def raised_interrupts(self) -> list[Interrupt]:
        """Return the questions that this call has raised, in an earlier try too, answered or not."""
        return self._own_scope().raised()

    def give_up(self) -> None:
        """The agent does not wait for this call any more: tell it to stop, and let it ask nothing."""
        self.cancel_signal.set()
        self._own_scope().close()

    def _own_scope(self) -> QuestionScope:
        if self._scope is None:
            from strands.hooks.question_scope import tool_question_scope

            self._scope = tool_question_scope(self.agent, self.tool_use)
        return self._scope


class ToolFunc(Protocol):
    """A module-level tool function: takes the tool use and more by keyword."""

    __name__: str

    def __call__(self, *args: Any, **kwargs: Any) -> ToolResult | Awaitable[ToolResult]: ...


class AgentTool(ABC):
    """Something a model can call. Subclass it when `@tool` on a function is not enough.

    Attributes:
        idempotent: A call that may have happened already may be made again with the same idempotency key.
        read_only: A call changes nothing, so it may be made again at any time.
        takes_context: `stream` gets a `ToolContext` as the keyword argument `tool_context`, with which it can ask.
        timeout_seconds: How long an agent lets one call take before it gives it up; None for as long as it takes.
        made_with: What it was made with beside its code and decides what a call does, as JSON; part of its identity.
    """

    idempotent: bool = False
    read_only: bool = False
    takes_context: bool = False
    timeout_seconds: float | None = None
    made_with: Any = None
    _is_direct: ClassVar[bool] = False  # a `DirectTool`; to ask an abstract class takes longer
    _is_dynamic: bool = False

    @property
    @abstractmethod
    def tool_name(self) -> str:
        """The name a model calls it by."""

    @property
    @abstractmethod
    def tool_spec(self) -> ToolSpec:
        """What a model is told about it."""

    @property
    @abstractmethod
    def tool_type(self) -> str:
        """What kind of tool it is, for display."""

    @abstractmethod
    def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        """Run it.

        Args:
            tool_use: The call: its id, name and input.
            invocation_state: What the caller of the agent passed along, and the agent itself under `"agent"`.
            **kwargs: Room for more.

        Yields:
            Anything worth streaming, and at the end the result.
        """

    async def renew(self) -> None:  # noqa: B027 - most tools are what they were
        """Look again at what the tool is, before a call of it goes on that waited for a person."""

    @property
    def identity(self) -> Any:
        """What tells it from any other tool of its name: if it changes, an approval of a call no longer holds."""
        spec: Any = self.tool_spec
        found = [spec.get("description"), spec.get("inputSchema"), self.origin]
        return found if self.made_with is None else [*found, self.made_with]

    @property
    def identity_with_replacements(self) -> Any:
        """The identity, with what somebody has put in the place of `stream` or `run` of this object alone."""
        replaced = [name for name in ("run", "stream") if name in self.__dict__]
        if not replaced:
            return self.identity
        from strands.hooks.origin import code_origin

        return [self.identity, [[name, code_origin(self.__dict__[name])] for name in replaced]]

    @property
    def origin(self) -> Any:
        """Where its code is from."""
        from strands.hooks.origin import code_origin

        return code_origin(type(self))

    @property
    def approval_basis(self) -> Any:
        """What approvals of the first release are bound to beside a call's name and arguments."""
        return self.tool_spec["inputSchema"]

    @property
    def inner_record(self) -> Literal["", "caller", "own"]:
        """Where an agent that works in a call is recorded step by step; "" when no agent does, or nobody records it."""
        return ""

    def goes_on(self, idempotency_key: str, inside: SubagentRecord) -> bool:
        """Return whether a call that was cut off can be gone on with, so that nobody needs to be asked about it.

        Args:
            idempotency_key: The call's.
            inside: What its caller has on record of it.
        """
        return False

    @property
    def supports_hot_reload(self) -> bool:
        """Whether it can be loaded again while an agent runs."""
        return False

    @property
    def is_dynamic(self) -> bool:
        """Whether it was added while an agent ran."""
        return self._is_dynamic

    def mark_dynamic(self) -> None:
        """Note that it was added while an agent ran."""
        self._is_dynamic = True

    def get_display_properties(self) -> dict[str, str]:
        """Return what a user interface shows of it."""
        return {"Name": self.tool_name, "Type": self.tool_type}


class DirectTool(AgentTool):
    """A tool that returns its result instead of yielding it: no generator between it and the agent."""

    _is_direct: ClassVar[bool] = True

    @abstractmethod
    async def run(
        self,
        tool_use: ToolUse,
        invocation_state: dict[str, Any],
        context: ToolContext[Any] | None,
        emit: Callable[[Any], None] | None,
    ) -> ToolResult:
        """Run one call and return its result.

        Args:
            tool_use: The call.
            invocation_state: What the caller of the agent passed along.
            context: What it may ask with; given when `takes_context`.
            emit: Takes anything worth streaming on the way; None when nobody listens.
        """

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        """Run one call and yield what it streams as `ToolStreamEvent`, then the `ToolResultEvent`."""
        from strands.types.events import ToolStreamEvent

        found: asyncio.Queue[Any] = asyncio.Queue()
        task = asyncio.ensure_future(self._end(tool_use, invocation_state, kwargs.get("tool_context"), found))
        task.add_done_callback(lambda _: found.put_nowait(task))
        try:
            while (item := await found.get()) is not task:
                yield ToolStreamEvent(tool_use, item)
            yield task.result()
        finally:
            task.cancel()

    async def _end(
        self,
        tool_use: ToolUse,
        invocation_state: dict[str, Any],
        context: ToolContext[Any] | None,
        found: asyncio.Queue[Any],
    ) -> Any:
        from strands.tools.results import ToolFailure
        from strands.types.events import ToolResultEvent

        try:
            return ToolResultEvent(await self.run(tool_use, invocation_state, context, found.put_nowait))
        except ToolFailure as failure:
            return ToolResultEvent(failure.result, failure.error)


for_pydantic(globals())

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
