"""The agent: what it is made of and how it is called."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from strands._core import invoke, resume
from strands._core.turn import Cancellation, Turn
from strands._elsewhere import names_of
from strands._sync import run
from strands.event_loop.retry import ModelRetryStrategy
from strands.handlers.callback_handler import PrintingCallbackHandler
from strands.hooks.registry import HookCallback, HookProvider, HookRegistry
from strands.telemetry.metrics import EventLoopMetrics
from strands.tools.executors import ConcurrentToolExecutor, ToolExecutor
from strands.tools.registry import ToolRegistry
from strands.types.agent import AgentInput, ConcurrentInvocationMode
from strands.types.content import split_system_prompt
from strands.types.json_dict import JSONSerializableDict

from . import arguments
from .lifetime import Lifetime

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands._core.context_size import Asked
    from strands._core.direct_call import ToolCaller
    from strands._core.recorder import OpenTurn, Recorder
    from strands.agent.conversation_manager.base import ConversationManager
    from strands.agent.result import AgentResult
    from strands.agent.snapshot import Snapshot
    from strands.hooks.registry import BaseHookEvent, TEvent
    from strands.interrupt import Interrupt
    from strands.interventions import InterventionHandler
    from strands.models.model import Model
    from strands.models.routing import ModelRouter
    from strands.plugins.plugin import Plugin
    from strands.session.session_manager import SessionManager
    from strands.types.agent import Limits
    from strands.types.content import Messages, SystemContentBlock, SystemPrompt
    from strands.types.tools import AgentTool
    from strands.types.traces import AttributeValue

    M = TypeVar("M", bound=BaseModel)

_DEFAULT: Any = object()


class Agent(Lifetime):
    """A model, its tools, and the conversation between them.

    Args:
        model: A model, a router of several, a Bedrock model id, or None for the default Bedrock model.
        messages: The history to begin with; the list is used as it is.
        tools: `@tool` functions, `AgentTool`s, agents, modules, paths of Python files, tool providers.
        system_prompt: Text or content blocks.
        structured_output_model: A pydantic model that every answer must produce.
        callback_handler: Takes every event as keyword arguments; None is silent, the default prints.
        conversation_manager: Keeps the history within what the model can read; the default keeps 40 messages. A model
            whose provider keeps the conversation (`stateful`) takes none.
        record_direct_tool_call: Whether `agent.tool.NAME()` leaves a trace in the history.
        load_tools_from_directory: Whether to load the tools of `./tools/*.py`.
        trace_attributes: Attributes of the agent's spans.
        agent_id: Tells agents of one session apart.
        name: What it is called.
        description: What it is for; told when it is used as a tool.
        state: What tools and hooks remember; JSON values.
        plugins: Hooks and tools that belong together.
        hooks: Hook providers, or callbacks whose annotation names their event.
        session_manager: Keeps the conversation across processes.
        structured_output_prompt: What the model is told when it ended without the structure.
        tool_executor: How the tools of one message run; the default runs them all at once.
        retry_strategy: When a failed model call is tried again; None never does.
        concurrent_invocation_mode: What happens when it is called while at work.
        interventions: Handlers that may deny, change or ask about what it does.

    Raises:
        ValueError: A tool, hook or prompt cannot be used as given.

    Adapters that make an agent like another read `interventions` and `load_tools_from_directory` back.
    """

    interventions: Sequence[InterventionHandler] = ()
    load_tools_from_directory: bool = False

    def __init__(
        self,
        model: Model | ModelRouter | str | None = None,
        messages: Messages | None = None,
        tools: Sequence[Any] | None = None,
        system_prompt: SystemPrompt = None,
        structured_output_model: type[BaseModel] | None = None,
        callback_handler: Callable[..., Any] | None = _DEFAULT,
        conversation_manager: ConversationManager | None = None,
        record_direct_tool_call: bool = True,
        load_tools_from_directory: bool = False,
        trace_attributes: Mapping[str, AttributeValue] | None = None,
        *,
        agent_id: str | None = None,
        name: str | None = None,
        description: str | None = None,
        state: JSONSerializableDict | dict[str, Any] | None = None,
        plugins: Sequence[Plugin] | None = None,
        hooks: Sequence[HookProvider | HookCallback] | None = None,
        session_manager: SessionManager | None = None,
        structured_output_prompt: str | None = None,
        tool_executor: ToolExecutor | None = None,
        retry_strategy: HookProvider | None = _DEFAULT,
        concurrent_invocation_mode: ConcurrentInvocationMode = ConcurrentInvocationMode.THROW,
        interventions: Sequence[InterventionHandler] | None = None,
    ) -> None:
        self.model: Model = arguments.model(model)
        self._owns_model = model is None or isinstance(model, str)
        self._router = arguments.router(model)
        self.messages: Messages = arguments.checked_messages(messages)
        self.system_prompt = system_prompt
        self.agent_id: str = arguments.checked_id(agent_id or "default")
        self.name: str = name or "Strands Agents"
        self.description = description
        self.state: JSONSerializableDict = (
            state if isinstance(state, JSONSerializableDict) else JSONSerializableDict(state)
        )
        self.callback_handler: Callable[..., Any] | None = (
            PrintingCallbackHandler() if callback_handler is _DEFAULT else arguments.checked_handler(callback_handler)
        )
        self.model_state: dict[str, Any] = {}  # what a model whose provider keeps the conversation must be given
        self.conversation_manager: ConversationManager = arguments.conversation_manager(
            self.model, conversation_manager
        )
        self.record_direct_tool_call = record_direct_tool_call
        self.trace_attributes: dict[str, Any] = arguments.attributes(trace_attributes) if trace_attributes else {}
        self.tool_executor: ToolExecutor = tool_executor or ConcurrentToolExecutor()
        self.tool_registry: ToolRegistry = ToolRegistry()
        self.hooks: HookRegistry = HookRegistry()
        self.event_loop_metrics: EventLoopMetrics = EventLoopMetrics()
        self.recorder: Recorder | None = None
        self.concurrent_invocation_mode = concurrent_invocation_mode
        self._structured_output_model = structured_output_model
        self._structured_output_prompt = structured_output_prompt
        self._session_manager = session_manager
        self.turn: Turn = Turn()
        self.cancellation: Cancellation = Cancellation()
        self._last_projection: Asked | None = None
        strategy = ModelRetryStrategy() if retry_strategy is _DEFAULT else retry_strategy
        self._retry_strategy: ModelRetryStrategy | None = strategy if isinstance(strategy, ModelRetryStrategy) else None
        if strategy is not None and self._retry_strategy is None:
            self.hooks.add_hook(arguments.checked_strategy(strategy))
        if tools is not None:
            self.tool_registry.process_tools(arguments.checked_list("tools", tools))
        if load_tools_from_directory:
            self.load_tools_from_directory = True
            self.tool_registry.load_directory("tools")
        arguments.register(self, hooks, plugins, interventions)
        if interventions:
            self.interventions = tuple(interventions)

    # What it is made of

    @property
    def _system_text(self) -> str | None:
        blocks = self._system_blocks  # whoever has them may change them
        if blocks is not None and len(blocks) == 1:
            return blocks[0].get("text")
        return split_system_prompt(blocks)[0]

    @property
    def system_prompt(self) -> str | None:
        """The system prompt as text."""
        return self._system_text

    @system_prompt.setter
    def system_prompt(self, value: SystemPrompt) -> None:
        self._system_blocks = split_system_prompt(value)[1]

    @property
    def system_prompt_content(self) -> list[SystemContentBlock] | None:
        """The system prompt as content blocks."""
        return None if self._system_blocks is None else list(self._system_blocks)

    @property
    def tool_names(self) -> list[str]:
        """The names of its tools."""
        return list(self.tool_registry.registry)

    @property
    def tool(self) -> ToolCaller:
        """Its tools, to call directly: `agent.tool.NAME(...)`."""
        from strands._core.direct_call import ToolCaller

        return ToolCaller(self)

    @property
    def cancel_signal(self) -> threading.Event:
        """Set when it is to stop."""
        return self.cancellation

    @property
    def pending_interrupts(self) -> list[Interrupt]:
        """The questions that wait for an answer, in the order they were asked."""
        return self.turn.interrupts.pending if self.turn.interrupts.activated else []

    def add_hook(
        self,
        callback: HookCallback[TEvent],
        event_type: type[TEvent] | Sequence[type[BaseHookEvent]] | None = None,
        *,
        order: float = 0,
    ) -> None:
        """Register a callback; without `event_type` its annotation names the event.

        Raises:
            ValueError: The event is neither given nor annotated.
        """
        self.hooks.add_callback(event_type, callback, order=order)

    # Calling it

    def __call__(
        self,
        prompt: AgentInput = None,
        *,
        invocation_state: dict[str, Any] | None = None,
        structured_output_model: type[BaseModel] | None = None,
        structured_output_prompt: str | None = None,
        limits: Limits | None = None,
        cancel_signal: threading.Event | None = None,
        idempotency_token: Any = None,
        **kwargs: Any,
    ) -> AgentResult:
        """Work on a prompt and return the result; see `invoke_async`."""
        return run(
            self.invoke_async(
                prompt,
                invocation_state=invocation_state,
                structured_output_model=structured_output_model,
                structured_output_prompt=structured_output_prompt,
                limits=limits,
                cancel_signal=cancel_signal,
                idempotency_token=idempotency_token,
                **kwargs,
            )
        )

    async def invoke_async(
        self,
        prompt: AgentInput = None,
        *,
        invocation_state: dict[str, Any] | None = None,
        structured_output_model: type[BaseModel] | None = None,
        structured_output_prompt: str | None = None,
        limits: Limits | None = None,
        cancel_signal: threading.Event | None = None,
        idempotency_token: Any = None,
        **kwargs: Any,
    ) -> AgentResult:
        """Work on a prompt.

        Args:
            prompt: Text, content blocks, messages, answers to interrupts, or None to go on with the history.
            invocation_state: Shared with hooks and tools; its `request_state` becomes the result's `state`.
            structured_output_model: A pydantic model that the answer must produce.
            structured_output_prompt: What the model is told when it ended without the structure.
            limits: Where to stop by itself.
            cancel_signal: Set, from any thread, cancels this call; it is never set or cleared here.
            idempotency_token: A call with the token of one that is under way is not made: it gets that one's result.
            **kwargs: Added to `invocation_state`, with a warning: a misspelt argument ends up there.

        Returns:
            The result. With `stop_reason` "interrupt" the agent waits for answers to `result.interrupts`.

        Raises:
            ConcurrencyException: It is at work for another caller.
            TypeError: It waits for answers, and the prompt is none.
            KeyError: An answer names an unknown interrupt, or has no response.
            ValueError: The prompt cannot be used, or answers though nothing was asked.
            MaxTokensReachedException: The model hit its token limit.
            StructuredOutputException: The model did not produce the structure.
            ModelError: The model failed.
        """
        options = invoke.Options(
            invocation_state, structured_output_model, structured_output_prompt, limits, kwargs, cancel_signal
        )
        if idempotency_token is None:
            return await invoke.call(self, prompt, options, invoke.handler_sink(self))
        from strands._core.caller_signals import tokens_of

        call = partial(invoke.call, self, prompt, options, invoke.handler_sink(self))
        return await tokens_of(self).once(idempotency_token, call)

    def stream_async(
        self,
        prompt: AgentInput = None,
        *,
        invocation_state: dict[str, Any] | None = None,
        structured_output_model: type[BaseModel] | None = None,
        structured_output_prompt: str | None = None,
        limits: Limits | None = None,
        cancel_signal: threading.Event | None = None,
        idempotency_token: Any = None,
        **kwargs: Any,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Work on a prompt and yield events as they happen; arguments and errors as `invoke_async`.

        Returns:
            A generator of dictionaries with `data` (text), `current_tool_use`, `message`, `event` (the model's own),
            and others; the last has `result`. Leaving it early ends the work.
        """
        options = invoke.Options(
            invocation_state, structured_output_model, structured_output_prompt, limits, kwargs, cancel_signal
        )
        return invoke.stream(self, prompt, options, idempotency_token)

    def cancel(self, *, message: str | None = None, after_current_tools: bool = False) -> None:
        """Stop as soon as possible, from any thread: the result has `stop_reason` "cancelled".

        A model that is answering is no longer waited for; tools that run are. Without a call in progress, the next one
        is cancelled. Questions that wait for an answer are given up.

        Args:
            message: What the agent says at last.
            after_current_tools: All tools of the message at hand run first; a call that ends without tools ends as it
                would.
        """
        if message is not None:
            self.cancellation.message = message
        if after_current_tools:
            self.cancellation.after_tools = True
            return
        self.cancellation.set()
        invocation = self.turn.invocation
        if invocation is not None:
            invocation.interrupt_model_call()

    def abandon_interrupts(self) -> list[Interrupt]:
        """Give up the questions that wait for an answer; their tools get error results in the history.

        Returns:
            The questions that were given up.
        """
        return run(resume.give_up(self))

    def restore(self, messages: Messages, turn: OpenTurn | None = None) -> None:
        """Put the agent where a recorded one stopped.

        Args:
            messages: The recorded history.
            turn: What is on record of the tools that the last message asks for. `agent(None)` then goes on with them:
                finished ones are not run again, and of one that was started and did not finish a person is asked,
                unless it is idempotent or read-only.
        """
        resume.restore(self, messages, turn)

    # More ways to use it

    def structured_output(self, output_model: type[M], prompt: AgentInput = None) -> M:
        """Return an answer as an instance of a pydantic model; see `structured_output_async`."""
        return run(self.structured_output_async(output_model, prompt))

    async def structured_output_async(self, output_model: type[M], prompt: AgentInput = None) -> M:
        """Ask the model itself, without tools, for an instance of a pydantic model; the history stays as it is.

        Raises:
            ValueError: There is neither a prompt nor a history.
            StructuredOutputException: The model did not produce one.
        """
        return await invoke.structure(self, output_model, prompt)

    def as_tool(
        self, *, name: str | None = None, description: str | None = None, preserve_context: bool = False
    ) -> AgentTool:
        """Return the agent as a tool for another agent.

        Args:
            name: The tool's name; else the agent's.
            description: What the tool is for; else the agent's description.
            preserve_context: Whether it remembers earlier calls.
        """
        from .as_tool import AgentAsTool

        return AgentAsTool(self, name=name, description=description, preserve_context=preserve_context)

    def take_snapshot(self, **options: Any) -> Snapshot:
        """Return the agent's state as plain values; see `strands.agent.snapshot.take`."""
        from .snapshot import take

        return take(self, **options)

    def load_snapshot(self, snapshot: Snapshot) -> None:
        """Take up a state; see `strands.agent.snapshot.load`."""
        from .snapshot import load

        load(self, snapshot)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
