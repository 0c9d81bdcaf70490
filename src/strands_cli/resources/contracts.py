"""Contracts: an agent with an input_schema gets only input that fits it, one with an output_schema answers in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError
from strands_cli.loader.json_text import BrokenJsonError, find

if TYPE_CHECKING:
    from strands_cli.kernel.layers import Layer
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.types import AgentReply, Call, CallAgent
    from strands_cli.spec.root import Spec

REPAIRS = 2
"""How often an agent may correct an answer that does not fit."""


class ContractError(ExecutionError):
    """An agent's input or output does not fit its schema."""


def instructions(schema: dict[str, Any]) -> str:
    """Return what an agent is told about the form of its answer."""
    return (
        "Answer with one JSON value and nothing else. It must fit this JSON Schema:\n"
        f"{json.dumps(schema, ensure_ascii=False)}"
    )


def contracts(spec: Spec, prefix: str = "") -> Layer:
    """Return a layer that enforces the contracts of the spec's agents, whose names begin with `prefix` on record."""

    def layer(run: Run, perform: CallAgent) -> CallAgent:
        async def kept(call: Call) -> AgentReply:
            if call.act is not None:
                return await perform(call)
            agent = spec.agents[call.agent.removeprefix(prefix)]
            if agent.input_schema is not None:
                check_input(call.agent, agent.input_schema, call.prompt, call.names)
            if agent.output_schema is None:
                return await perform(call)
            return await _answered(call, agent.output_schema, perform)

        return kept

    return layer


def check_input(agent: str, schema: dict[str, Any], text: str, names: Mapping[str, Any]) -> None:
    """Raise ContractError when an agent's input does not fit its input_schema.

    The input is the message, if it is JSON; a message in prose carries the variables of the same names as the schema's
    fields, so these are checked.
    """
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    wrong = problems(schema, value)
    if wrong and isinstance(value, dict):
        wrong = problems(schema, _with_texts(schema, value))
    if wrong and isinstance(value, str):
        fields = {name: names[name] for name in schema.get("properties", ()) if name in names}
        wrong = problems(schema, fields)
    if wrong:
        raise ContractError(
            f"the input of agent {agent!r} does not fit its input_schema: {'; '.join(wrong)}",
            hint="Give the step an `input` that renders to such JSON (filter tojson), or variables of these names.",
        )


def _with_texts(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Return an input in whose fields that want text an object or a list, as of a typed answer, is its JSON text."""
    fields = schema.get("properties") or {}
    wants = {name for name, field in fields.items() if isinstance(field, dict) and field.get("type") == "string"}
    return {
        name: json.dumps(each, ensure_ascii=False) if name in wants and isinstance(each, dict | list) else each
        for name, each in value.items()
    }


def check_output(schema: dict[str, Any], text: str) -> tuple[Any, list[str]]:
    """Return the value that an answer holds, and what is wrong with it; nothing when it fits."""
    try:
        found = find(text)
    except BrokenJsonError as error:
        return None, [str(error)]
    if not found:
        return None, ["it is not JSON"]
    for values in ([each.value for each in found if each.apart], [each.value for each in found if not each.apart]):
        fitting = [value for value in values if not problems(schema, value)]
        if any(value != fitting[0] for value in fitting):
            return None, ["it holds several JSON values that fit and differ"]
        if fitting:
            return fitting[0], []
    return found[-1].value, problems(schema, found[-1].value)


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    """Return how a value fails to fit a schema, five points at most."""
    from strands.types import json_schema

    return [_clipped(each) for each in json_schema.problems(schema, value)]


async def _answered(call: Call, schema: dict[str, Any], perform: CallAgent) -> AgentReply:
    """Have an agent answer until it fits; the tokens of every try count."""
    usage: dict[str, int] = {}
    asked = call.prompt
    wrong: list[str] = []
    call.expects = call.expects or {"kind": "json", "schema": schema}
    try:
        for _ in range(REPAIRS + 1):
            reply = await perform(call)
            if reply.interrupts:
                return reply
            for name, count in reply.usage.items():
                usage[name] = usage.get(name, 0) + count
            value, wrong = check_output(schema, reply.text)
            if not wrong:
                return _as_json(reply, value, usage)
            call.prompt = f"Your answer does not fit: {'; '.join(wrong)}. {instructions(schema)}"
    finally:
        call.prompt = asked
    raise ContractError(
        f"{call.key!r}: the answer of agent {call.agent!r} does not fit its output_schema: {'; '.join(wrong)}",
        hint="Make the prompt or the schema clearer, or resume to let it try again.",
    )


def _as_json(reply: AgentReply, value: Any, usage: dict[str, int]) -> AgentReply:
    """What follows gets the bare JSON, whatever the model wrote around it."""
    text = json.dumps(value, ensure_ascii=False)
    reply.text = text
    reply.message = {**reply.message, "content": [{"text": text}]}
    reply.usage, reply.is_json = usage, True
    return reply


def _clipped(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "..."
