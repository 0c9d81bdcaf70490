"""What builders add beside agents and people: tools' calls, requests, data, failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import Self

from strands_cli.api.builders.base import Part


class StepActs:
    """Steps without an agent, in lists of steps; `_step` adds one."""

    def add_tool(self, tool: str, args: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """Add a step that calls a tool, and no model.

        Args:
            tool: Its id.
            args: Its arguments; texts are templates.
            settings: The other keys of such a step in a spec: approvals, on_reject, on_error, when ...
        """
        return self._step(tool_step(tool, args, settings))

    def add_http(self, url: str, *, request: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """Add a step that sends a request; `request` has its method, headers, params, json_data or body."""
        return self._step({"http": {"url": url, **(request or {})}, **settings})

    def add_set(self, values: Mapping[str, Any], **settings: Any) -> Self:
        """Add a step that puts data together."""
        return self._step({"set": dict(values), **settings})

    def add_fail(self, message: str, **settings: Any) -> Self:
        """Add a step at which the run fails; settings: exit_code, when."""
        return self._step({"type": "fail", "message": message, **settings})

    def add_workflow(self, workflow: str, inputs: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """Add a step that runs another workflow.

        Args:
            workflow: Path of its file.
            inputs: Its variables; texts are templates.
            settings: The other keys of such a step in a spec: on_error, when ...
        """
        return self._step({"workflow": workflow, **({"inputs": dict(inputs)} if inputs else {}), **settings})

    def _step(self, part: Part) -> Self:
        raise NotImplementedError


class NamedActs:
    """Nodes and tasks without an agent; `_named` adds one."""

    def add_tool(self, id: str, tool: str, args: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """Add one that calls a tool, and no model; settings as its keys in a spec."""
        return self._named(id, tool_step(tool, args, settings))

    def add_http(self, id: str, url: str, *, request: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """Add one that sends a request; `request` has its method, headers, params, json_data or body."""
        return self._named(id, {"http": {"url": url, **(request or {})}, **settings})

    def add_set(self, id: str, values: Mapping[str, Any], **settings: Any) -> Self:
        """Add one that puts data together."""
        return self._named(id, {"set": dict(values), **settings})

    def add_fail(self, id: str, message: str, **settings: Any) -> Self:
        """Add one at which the run fails; settings: exit_code, when."""
        return self._named(id, {"type": "fail", "message": message, **settings})

    def add_workflow(self, id: str, workflow: str, inputs: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """Add one that runs another workflow, of a file; `inputs` are its variables, settings as its keys in a spec."""
        given = {"inputs": dict(inputs)} if inputs else {}
        return self._named(id, {"workflow": workflow, **given, **settings})

    def _named(self, id: str, part: Part) -> Self:
        raise NotImplementedError


def tool_step(tool: str, args: Mapping[str, Any] | None, more: Mapping[str, Any]) -> Part:
    """Return a step that calls a tool."""
    return {"tool": tool, **({"args": dict(args)} if args else {}), **more}
