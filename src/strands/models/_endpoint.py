"""Requests to a provider by its own client, and the replies as plain objects.

A request carries its content as the arguments of the client's method, where whoever wraps, instruments or replaces that
method sees it. The method itself walks over them one by one, 0.1 to 0.2 ms a message, and builds a typed object of each
piece of the reply. Where nobody has put anything in its place, what it does in the end is done at once: the same
content is posted by the same client, and the reply is read line by line.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator, Callable, Mapping
from importlib import import_module
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from ._sse import checked, load, objects

_OPTIONS = {"extra_headers": "headers", "extra_query": "params", "timeout": "timeout"}


class Endpoint(NamedTuple):
    """One kind of request.

    Attributes:
        package: The client's package.
        path: Where the request goes.
        method: The names that lead from the client to its method.
        params: The module and the name of the method's typed arguments, to know which it takes.
        provider: Whom to name in an error.
        key: What holds the credentials, to say where to look.
        helper: The names that lead to a method that opens the same stream as a context; it is used where somebody has
            put something in its place.
    """

    package: str
    path: str
    method: tuple[str, ...]
    params: tuple[str, str]
    provider: str
    key: str
    helper: tuple[str, ...] = ()

    async def objects(
        self, client: Any, request: Mapping[str, Any], done: Callable[[], None] | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Send a request and yield the objects of its reply.

        Args:
            client: The provider's client, or what stands for one.
            request: The content and the options `extra_headers`, `extra_query`, `extra_body` and `timeout`.
            done: Called when the reply is known to be whole.

        Raises:
            ModelError: The reply holds an error, or no objects.
            Exception: What the client raises.
        """
        helper = _find(client, self.helper) if self.helper else None
        if helper is not None and not _is_of(self.package, helper):
            given = {name: value for name, value in self.arguments(request).items() if name != "stream"}
            async with helper(**given) as stream:
                async for item in stream:
                    yield checked(plain(item), self.provider, self.key)
            return
        reply = await self._send(client, request)
        if hasattr(reply, "__aiter__"):
            try:
                if type(reply) is import_module(self.package).AsyncStream:
                    async for item in objects(reply.response.aiter_lines(), self.provider, self.key, done):
                        yield item
                    return
                async for item in reply:
                    yield checked(plain(item), self.provider, self.key)
                if done is not None:
                    done()  # the client raises when a reply breaks off
            finally:
                await _close(reply)
            return
        whole = load(reply, self.provider) if isinstance(reply, (str, bytes)) else plain(reply)
        yield checked(whole, self.provider, self.key)

    async def _send(self, client: Any, request: Mapping[str, Any]) -> Any:
        method = _find(client, self.method)
        below = (getattr(client, name, None) for name in ("post", "request"))
        if not all(_is_of(self.package, each) for each in (method, *below)):
            return await method(**self.arguments(request))
        body, options = dict(request), {}
        extra = body.pop("extra_body", None)
        for given, name in _OPTIONS.items():
            if (value := body.pop(given, None)) is not None:
                options[name] = value
        body.update(extra or {})
        stream = import_module(self.package).AsyncStream[object]
        return await client.post(
            self.path, cast_to=object, body=body, options=options, stream=bool(body.get("stream")), stream_cls=stream
        )

    def arguments(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request as arguments of the client's method; what that does not know goes into the extra body."""
        module, name = self.params
        known = {*getattr(import_module(module), name).__annotations__, *_OPTIONS, "stream"}
        given = {each: value for each, value in request.items() if each in known}
        more = {each: value for each, value in request.items() if each not in known and each != "extra_body"}
        extra = {**more, **(request.get("extra_body") or {})}
        return {**given, "extra_body": extra} if extra else given


def _find(client: Any, names: tuple[str, ...]) -> Any:
    found = client
    for name in names:
        found = getattr(found, name, None)
    return found


def _is_of(package: str, method: Any) -> bool:
    """Whether a method is a package's own, and nothing that was put in its place or around it."""
    if type(method) is not MethodType or type(method.__func__) is not FunctionType:
        return False
    # A wrapper may borrow every name of what it wraps, but not the module that it was written in.
    written_in = str(method.__func__.__globals__.get("__name__", ""))
    return written_in.partition(".")[0] == package


def plain(item: Any) -> dict[str, Any]:
    """Return an object of a reply as a plain dict: a client's own, or any with the same attributes."""
    return dict(_plain(item))


def _plain(value: Any) -> Any:
    from pydantic import BaseModel

    if value is None or isinstance(value, (str, int, float, bytes, type, FunctionType, MethodType)):
        return value
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, BaseModel):
        # A client that is older than the server warns of what it does not know.
        return value.model_dump(warnings=False)
    if hasattr(type(value), "model_dump"):
        return value.model_dump()
    given = getattr(value, "__dict__", None)
    if given is None:
        return value
    told = _told_by(given["model_dump"]) if callable(given.get("model_dump")) else {}
    return {**told, **{name: _plain(each) for name, each in given.items() if name[:1] != "_"}}


def _told_by(dump: Callable[[], Any]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = dump()
    return told if isinstance(told, dict) else {}


async def _close(reply: Any) -> None:
    close = getattr(reply, "close", None) or getattr(reply, "aclose", None)
    closing: Any = close() if close is not None else None
    if hasattr(closing, "__await__"):
        await closing
