"""`@tool`: a function, or a method, as a tool."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from strands._elsewhere import names_of
from strands._threads import in_thread
from strands.types.exceptions import ToolCallLostError
from strands.types.tools import DirectTool, ToolContext, ToolResult, ToolSpec, ToolUse

from .results import as_result, failure
from .schema import Parameters, checked_spec
from .specs_of_instances import SpecsOfInstances

if TYPE_CHECKING:
    from typing import Concatenate

    from typing_extensions import ParamSpec

    P = ParamSpec("P")
    Q = ParamSpec("Q")
    S = TypeVar("S")
else:
    P = TypeVar("P")

R = TypeVar("R")
Emit = Callable[[Any], None]
_INJECTED = {"self", "cls", "agent"}


class FunctionToolMetadata:
    """What a function says about itself as a tool.

    Args:
        func: The function.
        context_param: The parameter that takes the `ToolContext`, if one does.
    """

    def __init__(self, func: Callable[..., Any], context_param: str | None = None) -> None:
        self.func = func
        self._context = context_param
        self._parameters = Parameters(func, _INJECTED | ({context_param} if context_param else set()))

    def extract_metadata(self) -> ToolSpec:
        """Return what a model is told about the function."""
        name = self.func.__name__
        description = self._parameters.description or name
        return {"name": name, "description": description, "inputSchema": {"json": self._parameters.schema()}}

    def validate_input(self, input_data: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments to call the function with.

        Raises:
            ValueError: They do not fit.
        """
        try:
            return self._parameters.validate(input_data)
        except ValueError as error:
            raise ValueError(f"Validation failed for input parameters: {error}") from error

    def inject_special_parameters(
        self,
        validated_input: dict[str, Any],
        tool_use: ToolUse,
        invocation_state: dict[str, Any],
        tool_context: ToolContext[Any] | None = None,
    ) -> None:
        """Add the context and the agent to the arguments, if the function takes them."""
        agent = invocation_state.get("agent")
        if self._context:
            made = ToolContext(tool_use=tool_use, agent=agent, invocation_state=invocation_state)
            validated_input[self._context] = tool_context or made
        if agent is not None and "agent" in inspect.signature(self.func).parameters:
            validated_input.setdefault("agent", agent)


class DecoratedFunctionTool(DirectTool, Generic[P, R]):
    """A function that a model can call; in Python it is called as before.

    Attributes:
        idempotent: A call that may have happened already may be made again with the same idempotency key.
        read_only: A call changes nothing, so it may be made again at any time.
        timeout_seconds: How long an agent lets one call take; None for as long as it takes.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        description: str | None = None,
        schema: dict[str, Any] | None = None,
        context: str | None = None,
        idempotent: bool = False,
        read_only: bool = False,
        timeout: float | None = None,
    ) -> None:
        functools.update_wrapper(cast(Any, self), function)
        self._function: Callable[..., Any] = function
        self._name = name or function.__name__
        self._description = description
        self._schema = schema
        self._context = context
        self._owner: Any = None
        self._is_async = inspect.iscoroutinefunction(function)
        self._streams = inspect.isasyncgenfunction(function)
        self._parameters: Parameters | None = None
        self._spec: ToolSpec | None = None
        self._specs = SpecsOfInstances()
        self._origin: Any = None
        self._named: Any = None
        parameters = inspect.signature(function).parameters
        self._wants_agent = "agent" in parameters
        _check_context(self._name, parameters, context)
        self.takes_context: bool = context is not None
        self.idempotent = idempotent
        self.read_only = read_only
        self.timeout_seconds: float | None = _checked_timeout(self._name, timeout)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._owner is not None:
            return cast(R, self._function(self._owner, *args, **kwargs))
        return cast(R, self._function(*args, **kwargs))

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> DecoratedFunctionTool[P, R]: ...
    @overload
    def __get__(
        self: DecoratedFunctionTool[Concatenate[S, Q], R], instance: S, owner: type | None = None
    ) -> DecoratedFunctionTool[Q, R]: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None or inspect.ismethod(self._function):
            return self
        bound = object.__new__(type(self))
        bound.__dict__.update(self.__dict__)
        bound._owner, bound._origin, bound._named = instance, None, None
        bound.parameters  # noqa: B018 - shared by all bound copies
        self._parameters = bound._parameters
        return bound

    @property
    def _tool_func(self) -> Callable[..., Any]:
        return self._function

    @property
    def tool_name(self) -> str:
        return self._name

    @property
    def tool_type(self) -> str:
        return "function"

    @property
    def supports_hot_reload(self) -> bool:
        return True

    @property
    def parameters(self) -> Parameters:
        """What it can be called with."""
        if self._parameters is None:
            skip = _INJECTED | ({self._context} if self._context else set())
            self._parameters = Parameters(self._function, skip)
        return self._parameters

    @property
    def tool_spec(self) -> ToolSpec:
        if self._owner is not None:
            return self._specs.of(self._owner, self._own_spec)
        return self._own_spec()

    @tool_spec.setter
    def tool_spec(self, spec: ToolSpec) -> None:
        checked_spec(self._name, spec)
        if self._owner is not None:
            self._specs.put(self._owner, spec)
        else:
            self._spec = spec

    def _own_spec(self) -> ToolSpec:
        if self._spec is None:
            schema = self._schema if self._schema is not None else self.parameters.schema()
            self._spec = {
                "name": self._name,
                "description": self._description or self.parameters.description or self._name,
                "inputSchema": schema if "json" in schema else {"json": schema},
            }
        return self._spec

    @property
    def origin(self) -> Any:
        named = self._named
        if named is None or ((named.looked_up or named.texts) and not named.holds()):
            from strands.hooks.named_code import named_by
            from strands.hooks.origin import code_origin

            self._origin = code_origin(self._function, self._owner)
            self._named = named_by(self._function, self._owner)
        return self._origin

    async def run(
        self,
        tool_use: ToolUse,
        invocation_state: dict[str, Any],
        context: ToolContext[Any] | None,
        emit: Emit | None,
    ) -> ToolResult:
        """Run one call and return its result; what it raises becomes an error result.

        Args:
            tool_use: The call.
            invocation_state: What the caller of the agent passed along.
            context: What the function gets if it asked for one; made here when None.
            emit: Takes what a streaming tool yields on the way; None when nobody listens.

        Raises:
            ToolFailure: The function raised; carries the error result.
        """
        id = tool_use.get("toolUseId", "unknown")
        try:
            arguments = (self._parameters or self.parameters).validate(tool_use.get("input", {}))
        except ValueError as error:
            raise failure(id, f"Error: Validation failed for input parameters: {error}", error) from error
        if self._context:
            arguments[self._context] = context or self._make_context(tool_use, invocation_state)
        if self._wants_agent and "agent" not in arguments:
            arguments["agent"] = invocation_state.get("agent")
        try:
            if self._is_async and self._owner is None:
                return as_result(id, await self._function(**arguments))
            return as_result(id, await self._call(arguments, emit))
        except ToolCallLostError:  # no failure: a person has to say what became of it
            raise
        except ValueError as error:
            raise failure(id, f"Error: {error}", error) from error
        except Exception as error:
            raise failure(id, f"Error: {type(error).__name__} - {error}", error) from error

    async def _call(self, arguments: dict[str, Any], emit: Emit | None) -> Any:
        call = functools.partial(self._function, *(() if self._owner is None else (self._owner,)), **arguments)
        if self._is_async:
            return await call()
        if not self._streams:
            return await in_thread(call)
        last: Any = None
        async for last in call():
            if emit is not None:
                emit(last)
        return last

    def _make_context(self, tool_use: ToolUse, invocation_state: dict[str, Any]) -> ToolContext[Any]:
        agent = invocation_state.get("agent")
        signal = getattr(agent, "cancel_signal", None)
        more = {"cancel_signal": signal} if signal is not None else {}
        return ToolContext(tool_use=tool_use, agent=agent, invocation_state=invocation_state, **more)

    def get_display_properties(self) -> dict[str, str]:
        return {**super().get_display_properties(), "Function": self._function.__name__}


@overload
def tool(__func: Callable[P, R]) -> DecoratedFunctionTool[P, R]: ...
@overload
def tool(
    func: None = None,
    description: str | None = None,
    inputSchema: dict[str, Any] | None = None,
    name: str | None = None,
    context: bool | str = False,
    *,
    idempotent: bool = False,
    read_only: bool = False,
    timeout: float | None = None,
) -> Callable[[Callable[P, R]], DecoratedFunctionTool[P, R]]: ...
def tool(
    func: Callable[..., Any] | None = None,
    description: str | None = None,
    inputSchema: dict[str, Any] | None = None,
    name: str | None = None,
    context: bool | str = False,
    *,
    idempotent: bool = False,
    read_only: bool = False,
    timeout: float | None = None,
) -> Any:
    """Make a function a tool: its hints and docstring become what a model is told.

    An agent calls the function with what the hints say. For a parameter annotated with a pydantic model or a dataclass
    it gets a dictionary of the validated fields that can be read as the object too (`place["street"]`,
    `place.street`, `Place(**place)`), as `strands.tools.arguments.ModelArgument`. Called in Python, the function gets
    what it is given.

    Args:
        func: The function, when the decorator is used without parentheses.
        description: What the tool does; else the docstring.
        inputSchema: JSON Schema of the input; else from the type hints.
        name: The name a model calls it by; else the function's.
        context: True hands a `ToolContext` to the parameter `tool_context`, a text names another parameter.
        idempotent: A call that may have happened already may be made again with the same idempotency key.
        read_only: A call changes nothing, so it may be made again at any time.
        timeout: Seconds that one call by an agent may take. Then the model is told, in an error result, that it was
            given up and may have happened; `ToolContext.cancel_signal` is set, an async function is cancelled, and a
            sync one is left to itself: what it returns later counts for nothing. Waiting for a person does not count.

    Returns:
        The tool, or a decorator that makes one.

    Raises:
        ValueError: `name` is not text, `context` an empty one, or `timeout` is not above 0.
    """
    if name is not None and not isinstance(name, str):
        raise ValueError(f"the name of a tool is {name!r}; give a text")
    if context == "":
        raise ValueError("context='' names no parameter; give its name, or True for 'tool_context'")
    parameter = context if isinstance(context, str) else "tool_context" if context else None

    def decorate(function: Callable[..., Any]) -> DecoratedFunctionTool[Any, Any]:
        return DecoratedFunctionTool(
            function,
            name=name,
            description=description,
            schema=inputSchema,
            context=parameter,
            idempotent=idempotent,
            read_only=read_only,
            timeout=timeout,
        )

    return decorate if func is None else decorate(func)


def _checked_timeout(name: str, seconds: float | None) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < math.inf:
        raise ValueError(f"tool {name!r}: timeout is {seconds!r}; it must be a number of seconds above 0, or None")
    return seconds


def _check_context(name: str, parameters: Mapping[str, inspect.Parameter], context: str | None) -> None:
    """Raise ValueError when a parameter is annotated as the context and is not the one that gets it."""
    for parameter in parameters.values():
        if parameter.name == context or not _is_context(parameter.annotation):
            continue
        wanted = "True" if parameter.name == "tool_context" else repr(parameter.name)
        raise ValueError(f"tool {name!r}: to get the context as {parameter.name!r}, it needs @tool(context={wanted})")


def _is_context(hint: Any) -> bool:
    if isinstance(hint, str):
        return hint.partition("[")[0].rpartition(".")[2] == "ToolContext"
    return hint is ToolContext or getattr(hint, "__origin__", None) is ToolContext


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
