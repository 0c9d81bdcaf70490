"""Builders of chains: one alone, branches side by side, routes of which one is taken."""

from __future__ import annotations

from typing import Any, ClassVar

from typing_extensions import Self

from strands_cli.api.builders.base import Builder, Part, agent_step, any_step, given, hitl_step, wrong


class ChainBuilder(Builder):
    """Steps one after another."""

    pattern_type: ClassVar[str] = "chain"

    def add_step(self, agent: str, input: str | None = None, **settings: Any) -> Self:
        """Add a step of an agent.

        Args:
            agent: Id of an agent that was added.
            input: Template of what it is told; without one its own prompt.
            settings: vars, tool_overrides, timeout_s (seconds), description.

        Raises:
            SchemaValidationError: There is no such agent, a key is unknown, a template malformed.
        """
        return self._add(agent_step(agent, input, settings))

    def add_hitl(self, prompt: str, **settings: Any) -> Self:
        """Add a step that asks a person.

        Args:
            prompt: Template of the question.
            settings: context_display (or show), default, timeout_seconds, choices, schema, validation.
        """
        return self._add(hitl_step(prompt, settings))

    def _add(self, part: Part) -> Self:
        self._config.setdefault("steps", []).append(self._checked({"steps": [part]}, ("steps", 0), part))
        return self

    step = add_step
    hitl = add_hitl


class _Groups(Builder):
    """Chains of steps under a name: branches, or routes."""

    def __init__(self, name: str, *, description: str | None = None) -> None:
        super().__init__(name, description=description)
        self._steps: list[Part] | None = None

    def add_step(self, agent: str, input: str | None = None, **settings: Any) -> Self:
        """Add a step of an agent to the newest branch or route."""
        return self._add(agent_step(agent, input, settings))

    def add_hitl(self, prompt: str, **settings: Any) -> Self:
        """Add a step that asks a person to the newest branch or route."""
        return self._add(hitl_step(prompt, settings))

    def done(self) -> Self:
        """End the branch or route; the next one, or what comes after all of them, ends it too."""
        self._steps = None
        return self

    def _add(self, part: Part) -> Self:
        if self._steps is None:
            raise wrong("this step belongs to nothing", hint=f"Call {self._opener} first.")
        self._steps.append(self._checked(*self._alone(part), part))
        return self

    _opener: ClassVar[str] = ""

    def _alone(self, part: Part) -> tuple[Part, tuple[str | int, ...]]:
        raise NotImplementedError

    step = add_step
    hitl = add_hitl


class ParallelBuilder(_Groups):
    """Branches at the same time, then perhaps one step that sees them all."""

    pattern_type: ClassVar[str] = "parallel"
    _opener = "add_branch"

    def add_branch(self, id: str) -> Self:
        """Begin a branch; the steps that follow are its own.

        Raises:
            SchemaValidationError: The id is taken.
        """
        branches = self._config.setdefault("branches", [])
        if any(branch["id"] == id for branch in branches):
            raise wrong(f"there is a branch {id!r} already", hint="give each its own id")
        self._steps = []
        branches.append({"id": id, "steps": self._steps})
        return self

    def with_reduce(self, agent: str | None = None, input: str | None = None, **settings: Any) -> Self:
        """Set the step that sees all branches: an agent's, or with `prompt` a question to a person."""
        part = any_step(agent, input, settings)
        self._config["reduce"] = self._checked({"reduce": part}, ("reduce",), part)
        return self.done()

    def _alone(self, part: Part) -> tuple[Part, tuple[str | int, ...]]:
        return {"branches": [{"id": "branch", "steps": [part]}]}, ("branches", 0, "steps", 0)

    branch = add_branch
    reduce = with_reduce


class RoutingBuilder(_Groups):
    """An agent chooses which chain of steps runs."""

    pattern_type: ClassVar[str] = "routing"
    _opener = "add_route"

    def with_router(
        self, agent: str, input: str | None = None, *, max_retries: int | None = None, **settings: Any
    ) -> Self:
        """Set the agent that chooses.

        Args:
            max_retries: How often a malformed choice is asked again.
            settings: As for a step.
        """
        return self._router({**agent_step(agent, input, settings), **given(max_retries=max_retries)})

    def with_review(self, prompt: str, **settings: Any) -> Self:
        """Have a person confirm the choice, or change it."""
        return self._router({"review_router": hitl_step(prompt, settings)})

    def add_route(self, name: str) -> Self:
        """Begin a route; the steps that follow are its own.

        Raises:
            SchemaValidationError: The name is taken.
        """
        routes = self._config.setdefault("routes", {})
        if name in routes:
            raise wrong(f"there is a route {name!r} already", hint="give each its own name")
        self._steps = []
        routes[name] = {"then": self._steps}
        return self

    def _router(self, part: Part) -> Self:
        whole = {**self._config.get("router", {}), **part}
        path = ("router", "review_router") if "review_router" in part else ("router",)
        self._config["router"] = self._checked({"router": whole}, path, whole)
        return self

    def _alone(self, part: Part) -> tuple[Part, tuple[str | int, ...]]:
        return {"routes": {"route": {"then": [part]}}}, ("routes", "route", "then", 0)

    router = with_router
    review = with_review
    route = add_route
