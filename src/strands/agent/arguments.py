"""Putting an agent together."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands._core.messages import check_message
from strands._tracking import track_all
from strands.handlers.callback_handler import null_callback_handler
from strands.hooks.events import AgentInitializedEvent

from .conversation_manager.sliding_window import SlidingWindowConversationManager

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.agent.conversation_manager.base import ConversationManager
    from strands.interventions import InterventionHandler
    from strands.models.model import Model
    from strands.models.routing import ModelRouter
    from strands.plugins.plugin import Plugin


def model(given: Any) -> Any:
    """Return a model: the one given, a router's default, or Bedrock's with the id given, or Bedrock's default.

    Raises:
        ValueError: It is none of them.
    """
    chooser = router(given)
    if chooser is not None:
        return chooser.default_model
    if given is not None and not isinstance(given, str):
        return checked("model", given, "stream", "a Model, a ModelRouter, a Bedrock model id or None")
    from strands.models import BedrockModel

    return BedrockModel(model_id=given) if given else BedrockModel()


def router(given: Any) -> ModelRouter | None:
    """Return what is given as a model if it is a router of models."""
    module = sys.modules.get("strands.models.routing.router")  # who has one has imported it
    return given if module is not None and isinstance(given, module.ModelRouter) else None


def conversation_manager(model: Model, given: ConversationManager | None) -> ConversationManager:
    """Return what keeps the history: the one given, or the default for the model.

    Raises:
        ValueError: One is given, and the model's provider keeps the conversation.
    """
    if getattr(model, "stateful", False):
        if given is not None:
            raise ValueError(
                "a conversation_manager is given, but the model is stateful: its provider keeps the history"
            )
        from .conversation_manager.server_side import ServerSideConversationManager

        return ServerSideConversationManager()
    return given or SlidingWindowConversationManager()


def checked_id(agent_id: str) -> str:
    """Return an agent id that files may be named after.

    Raises:
        ValueError: It is not one.
    """
    if not agent_id or "/" in agent_id or "\\" in agent_id or agent_id in (".", "..") or "\0" in agent_id:
        raise ValueError(f"agent_id {agent_id!r} must be a name without path separators: files are named after it")
    return agent_id


def checked(name: str, given: Any, method: str, expected: str) -> Any:
    """Return the argument `name` of an agent if it is an object with `method`.

    Raises:
        ValueError: It is not, or is a class; `expected` says what it must be.
    """
    if isinstance(given, type):
        raise ValueError(f"{name} is the class {given.__name__}; make one of it: {given.__name__}(...)")
    if not hasattr(given, method):
        raise ValueError(f"{name} {given!r} must be {expected}")
    return given


def checked_strategy(given: Any) -> Any:
    """Return a retry strategy that registers hooks of its own.

    Raises:
        ValueError: It is not one.
    """
    return checked("retry_strategy", given, "register_hooks", "a ModelRetryStrategy, a HookProvider or None")


def checked_handler(given: Any) -> Any:
    """Return a callback handler; one that takes no notice for None.

    Raises:
        ValueError: It cannot be called.
    """
    if given is None:
        return null_callback_handler
    return checked("callback_handler", given, "__call__", "a function of keyword arguments, or None")


def checked_list(name: str, given: Any) -> Any:
    """Return the argument `name` of an agent, empty for None.

    Raises:
        ValueError: It is one thing where several belong.
    """
    if given is None:
        return ()
    if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
        raise ValueError(f"{name} {given!r} must be a list: {name}=[...]")
    return given


def checked_messages(given: Any) -> Any:
    """Return the history that an agent begins with; the list given, not a copy.

    Raises:
        ValueError: It is not a list of messages with content blocks.
    """
    if given is None:
        return []
    for message in checked_list("messages", given):
        check_message(message)
    if any("tracking_id" in message for message in given):
        track_all(given)
    return given


def attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return those attributes that a span can hold: text, numbers, truth values, and lists of them."""
    return {key: value for key, value in given.items() if _fits_a_span(value)}


def _fits_a_span(value: Any) -> bool:
    single = (str, bool, int, float)
    return isinstance(value, single) or (
        isinstance(value, (list, tuple)) and all(isinstance(item, single) for item in value)
    )


def register(
    agent: Host,
    hooks: Sequence[Any] | None,
    plugins: Sequence[Plugin] | None,
    interventions: Sequence[InterventionHandler] | None,
) -> None:
    """Let everything that wants to hear of an agent's events register, and tell that it is ready."""
    manager = agent._session_manager
    if manager is not None:
        track_all(agent.messages)  # a session keeps them under their ids; elsewhere the first call gives them
        a_manager = "one of an agent's sessions, such as FileSessionManager(session_id='...')"
        if hasattr(manager, "list_sessions"):
            a_manager += "; this one keeps the sessions of workflows"
        agent.hooks.add_hook(checked("session_manager", manager, "register_hooks", a_manager))
    checked("conversation_manager", agent.conversation_manager, "register_hooks", "a ConversationManager")
    agent.conversation_manager.register_hooks(agent.hooks)
    if hooks is not None and (given := checked_list("hooks", hooks)):
        from strands.hooks.given import register_given

        register_given(agent.hooks, given, "Agent(hooks=)")
    if plugins is not None and checked_list("plugins", plugins):
        from strands.plugins.registry import PluginRegistry

        registry = PluginRegistry(agent)
        for plugin in plugins:
            checked("a plugin", plugin, "init_agent", "a Plugin")
            registry.add_and_init(plugin)
    if interventions is not None and checked_list("interventions", interventions):
        from strands.interventions import register as register_interventions

        for handler in interventions:
            checked("an intervention", handler, "on_error", "an InterventionHandler, such as HumanInTheLoop()")
        register_interventions(interventions, agent.hooks)
    if agent.hooks.listens(AgentInitializedEvent):
        agent.hooks.invoke_callbacks(AgentInitializedEvent(agent=agent))
