"""What every builder shares: it collects the plain data of a spec, and has each call's part checked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from strands_cli.api.guards import tool_ids
from strands_cli.schema.problems import Problem, pointer
from strands_cli.schema.validator import SchemaValidationError

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from strands_cli.api.keywords import WorkflowOptions
    from strands_cli.api.workflow import Workflow
    from strands_cli.spec import Spec

Part = dict[str, Any]


class Builder:
    """A spec under construction. Every method returns the builder; a wrong call fails itself.

    Args:
        name: The workflow's name.
        description: What it is for.
    """

    pattern_type: str = ""
    """The pattern."""

    def __init__(self, name: str, *, description: str | None = None) -> None:
        self._data: Part = {"version": 0, "name": name, **given(description=description), "agents": {}}

    def with_runtime(
        self, provider: str, *, model_id: str | None = None, model: str | None = None, **settings: Any
    ) -> Self:
        """Set the provider, the model and the limits.

        Args:
            provider: One that `strands list-supported` lists: bedrock, openai ...
            model_id: The model; `model` is short for it.
            settings: The other keys of `runtime` in a spec.

        Raises:
            SchemaValidationError: A key is unknown or a value wrong.
        """
        return self._set("runtime", {"provider": provider, **given(model_id=model_id or model), **settings})

    def with_budgets(self, **limits: Any) -> Self:
        """Set `runtime.budgets`: max_steps, max_tokens, max_cost, max_duration_s, warn_threshold, on_exceed."""
        if "runtime" not in self._data:
            raise wrong("with_budgets: there is no runtime yet", hint="call with_runtime first")
        return self._set("runtime", {**self._data["runtime"], "budgets": limits})

    def add_agent(self, id: str, prompt: str, **settings: Any) -> Self:
        """Add an agent.

        Args:
            id: What steps call it by.
            prompt: Template of its system prompt.
            settings: The other keys of an agent in a spec: tools, provider, model_id, inference ...

        Raises:
            SchemaValidationError: There is an agent with this id already, a key is unknown or a value wrong.
        """
        if id in self._data["agents"]:
            raise wrong(f"add_agent: there is an agent {id!r} already", hint="give each its own id")
        agent = {"prompt": prompt, **settings}
        agents = {**self._data["agents"], id: agent}
        # Which tools there are is known when the workflow is built.
        shown = {name: value for name, value in agent.items() if name not in ("tools", "approvals")}
        self._check({**self._data, "agents": {id: shown}}, ("agents", id))
        self._data["agents"] = agents
        return self

    def add_input(self, name: str, type: str = "string", *, required: bool = True, **settings: Any) -> Self:
        """Declare a variable; one with a default, or that is not required, may be left out.

        Args:
            type: string, number, integer, boolean, array or object.
            settings: description, default, enum.
        """
        group = "required" if required and "default" not in settings else "optional"
        inputs = self._data.get("inputs", {})
        declared = {**inputs.get(group, {}), name: {"type": type, **settings}}
        return self._set("inputs", {**inputs, group: declared})

    def with_values(self, **values: Any) -> Self:
        """Give variables values; those given at run time win."""
        inputs = self._data.get("inputs", {})
        return self._set("inputs", {**inputs, "values": {**inputs.get("values", {}), **values}})

    def add_artifact(self, path: str, content: str = "{{ last_response }}") -> Self:
        """Have a file written at the end. Both its path and its content are templates."""
        outputs = self._data.get("outputs", {})
        return self._set("outputs", {**outputs, "artifacts": [*outputs.get("artifacts", ()), _artifact(path, content)]})

    def with_output_dir(self, path: str | PathLike[str]) -> Self:
        """Say where files are written unless who runs it says otherwise: a directory, or s3://BUCKET/PREFIX."""
        return self._set("outputs", {**self._data.get("outputs", {}), "to": fspath(path)})

    def with_description(self, text: str) -> Self:
        """Say what the workflow is for."""
        return self._set("description", text)

    def with_section(self, key: str, value: Any) -> Self:
        """Set any other part of a spec: tools, env, telemetry, context_policy, skills, security, tags, metadata."""
        return self._set(key, value)

    def to_dict(self) -> Part:
        """Return the spec as it stands, as plain data."""
        return dict(self._data)

    def spec(self, *, base_dir: str | PathLike[str] | None = None, tools: Sequence[Any] = ()) -> Spec:
        """Return the checked spec.

        Args:
            base_dir: What relative paths start from; default: the current directory.
            tools: Tools given in Python, so that agents may list them.

        Raises:
            SchemaValidationError: Something is missing, or parts do not fit each other.
            CapabilityError: It asks for what this build does not do.
        """
        from strands_cli.loader import load_dict

        if "runtime" not in self._data:
            raise wrong(f"workflow {self._data['name']!r} has no runtime", hint="call with_runtime first")
        return load_dict(
            self.to_dict(),
            base_dir=None if base_dir is None else Path(base_dir),
            tools=tool_ids(tools),
        )

    def build(self, *, base_dir: str | PathLike[str] | None = None, **options: Unpack[WorkflowOptions]) -> Workflow:
        """Return the workflow, or raise what `spec` raises; options as for `Workflow`."""
        from strands_cli.api.workflow import Workflow

        return Workflow(self.spec(base_dir=base_dir, tools=options.get("tools") or ()), **options)

    # -- short names --------------------------------------------------------------------------------------------------

    runtime = with_runtime
    budgets = with_budgets
    agent = add_agent
    input = add_input
    values = with_values
    artifact = add_artifact
    output_dir = with_output_dir
    description = with_description

    # -- checks -------------------------------------------------------------------------------------------------------

    def _set(self, key: str, value: Any) -> Self:
        """Set a part of the spec beside its pattern."""
        self._check({**self._data, key: value}, (key,))
        self._data[key] = value
        return self

    def _check(self, data: Part, path: tuple[str | int, ...]) -> None:
        """Raise what is wrong with the part at `path`; what is still missing elsewhere is not its fault."""
        from strands_cli.capability.checker import CapabilityError
        from strands_cli.loader import load_dict

        whole = {"runtime": {"provider": "scripted"}, "pattern": {"type": "chain", "config": {}}, **data}
        prefix = pointer(path)
        try:
            load_dict(whole, tools=None, partial=True)
        except CapabilityError:
            return
        except SchemaValidationError as error:
            mine = [each for each in error.problems if f"{each.json_pointer}/".startswith(f"{prefix}/")]
            if mine:
                shown = [replace(each, json_pointer=each.json_pointer.removeprefix(prefix)) for each in mine]
                raise SchemaValidationError(shown) from None


def _artifact(path: str, content: str) -> Part:
    return {"path": path, "from": content}


def agent_step(agent: str, input: str | None, more: Mapping[str, Any]) -> Part:
    """Return an agent's step."""
    return {"agent": agent, **given(input=input), **more}


def hitl_step(prompt: str, more: Mapping[str, Any]) -> Part:
    """Return a step that asks a person; `show` is short for `context_display`."""
    part = {"type": "hitl", "prompt": prompt, **more}
    if "show" in part:
        part["context_display"] = part.pop("show")
    return part


def any_step(agent: str | None, input: str | None, more: Mapping[str, Any]) -> Part:
    """Return an agent's step, or with a prompt and no agent one that asks a person."""
    if agent is not None:
        return agent_step(agent, input, more)
    if "prompt" in more:
        return hitl_step(more["prompt"], {name: value for name, value in more.items() if name != "prompt"})
    raise wrong(
        "neither an agent nor a prompt is given", hint="Name the agent that does it, or what a person is asked."
    )


def given(**values: Any) -> Part:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def wrong(message: str, *, hint: str = "") -> SchemaValidationError:
    """Return the error for a call that is wrong."""
    return SchemaValidationError([Problem(message, hint=hint)])
