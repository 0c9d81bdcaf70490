"""The JSON Schema of a spec, put together from the models."""

from __future__ import annotations

import json
import re

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from strands_cli.loader.parts import shape_of
from strands_cli.spec import acts
from strands_cli.spec.asking import Ask
from strands_cli.spec.context import ContextPolicy
from strands_cli.spec.env import Env
from strands_cli.spec.memory import Memory
from strands_cli.spec.metadata import Metadata
from strands_cli.spec.prices import Price
from strands_cli.spec.registry import PatternRecord, config_name, own_patterns, pattern_records
from strands_cli.spec.root import Spec
from strands_cli.spec.security import Security
from strands_cli.spec.skills import Skill
from strands_cli.spec.steps import AgentStep, HitlStep
from strands_cli.spec.telemetry import Telemetry
from strands_cli.spec.times import Escalation
from strands_cli.spec.tools import Tools
from strands_cli.types import Json

_STEPS = (
    AgentStep,
    HitlStep,
    acts.ToolStep,
    acts.HttpStep,
    acts.SetStep,
    acts.FailStep,
    *(acts.EachStep, acts.WorkflowStep),
)
_TASKS = (acts.ToolTask, acts.HttpTask, acts.SetTask, acts.FailTask, acts.EachTask, acts.WorkflowTask)
_LAZY: tuple[type[BaseModel], ...] = (
    *(Ask, ContextPolicy, Env, Escalation, Memory, Metadata, Price, Security, Skill, Telemetry, Tools),
    *_STEPS,
    *_TASKS,
)


def export() -> dict[str, Json]:
    """Return the JSON Schema (2020-12) of a spec, with every pattern."""
    definitions = _definitions(
        Spec, *_LAZY, *(record.model for record in pattern_records() if record.name in own_patterns())
    )
    root = definitions.pop("Spec")
    root["properties"]["workflows"]["additionalProperties"] = {"$ref": "#"}
    _parameters(definitions)
    _memories(root)
    for record in pattern_records():
        if record.name not in own_patterns():
            _add(definitions, record)
        _short_forms(definitions, record.name)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Strands workflow"}
    return {**head, **{k: v for k, v in root.items() if k != "title"}, "$defs": dict(sorted(definitions.items()))}


def _definitions(*models: type[BaseModel]) -> dict[str, Json]:
    for model in models:
        model.model_rebuild()
    _, together = models_json_schema([(model, "validation") for model in models], by_alias=True)
    found: dict[str, Json] = together["$defs"]
    for schema in found.values():
        _tidy(schema)
    return found


def _add(definitions: dict[str, Json], record: PatternRecord) -> None:
    """Add what the pattern of another package may hold; what it calls like something of ours gets another name."""
    theirs = _definitions(record.model)
    text = json.dumps(theirs)
    for name, schema in theirs.items():
        if definitions.get(name, schema) != schema:
            text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{record.name}.{name}"')
    for name, schema in json.loads(text).items():
        definitions[name if definitions.get(name, theirs[name]) == theirs[name] else f"{record.name}.{name}"] = schema


def _tidy(schema: Json) -> None:
    """Make descriptions one line, and drop titles that only repeat a key."""
    if isinstance(schema, list):
        for each in schema:
            _tidy(each)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("description"), str):
        schema["description"] = re.sub(r"\s+", " ", schema["description"]).strip()
    if schema.get("additionalProperties") is False:
        schema["patternProperties"] = {"^x-": {"description": "Its author's own; nothing reads it."}}
    for key, field in (schema.get("properties") or {}).items():
        if (
            isinstance(field, dict)
            and isinstance(field.get("title"), str)
            and field["title"].lower() == key.replace("_", " ")
        ):
            del field["title"]
    for each in list(schema.values()):
        _tidy(each)


def _memories(root: dict[str, Json]) -> None:
    """A list of names, or one, stands for memories of which nothing more is said."""
    memory = root["properties"]["memory"]
    names = {"type": "array", "items": {"type": "string"}}
    whole = {"type": "object", "additionalProperties": {"anyOf": [memory["additionalProperties"], {"type": "null"}]}}
    root["properties"]["memory"] = {
        "anyOf": [whole, names, {"type": "string"}],
        "description": memory["description"],
    }


def _parameters(definitions: dict[str, Json]) -> None:
    """Let editors know the short forms that are read before the models see them."""
    agent = definitions["AgentSpec"]
    file = {"type": "string", "description": "Path of a JSON or YAML file, relative to this one."}
    for key in ("input_schema", "output_schema"):
        agent["properties"][key]["anyOf"].insert(0, file)
    agent["properties"]["$ref"] = {"type": "string", "description": "File that holds this agent; keys beside it win."}
    agent["anyOf"] = [{"required": ["prompt"]}, {"required": ["$ref"]}]
    agent.pop("required", None)
    inputs = definitions["Inputs"]["properties"]
    short = definitions["Parameter"]["properties"]["type"]
    for key in ("required", "optional"):
        inputs[key]["additionalProperties"] = {"anyOf": [{"enum": short["enum"]}, {"$ref": "#/$defs/Parameter"}]}


def _short_forms(definitions: dict[str, Json], pattern: str) -> None:
    """A group may be written as its step, with an id if it has one; without an id also as a list of steps."""
    step = {"oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in _STEPS]}
    properties = definitions[config_name(pattern)]["properties"]
    shape = shape_of(pattern)
    for key, nesting, group in shape.below if shape is not None else ():
        if group.steps_key and nesting == ("list",):
            items = properties[key]["items"]
            named = _with_id(definitions, items["$ref"].rpartition("/")[2]) if group.has_id else [step]
            properties[key]["items"] = {"anyOf": [items, *named]}
        elif group.steps_key and nesting == ("mapping",):
            groups = properties[key].get("patternProperties") or properties[key]
            for name in groups if groups is not properties[key] else ("additionalProperties",):
                groups[name] = {"anyOf": [groups[name], step, {"type": "array", "items": step, "minItems": 1}]}


def _with_id(definitions: dict[str, Json], group: str) -> list[dict[str, Json]]:
    named: list[dict[str, Json]] = []
    for model in (each.__name__ for each in _STEPS):
        whole = definitions[model]
        definitions[f"{model}{group}"] = {
            **whole,
            "title": f"{model}{group}",
            "properties": {"id": definitions[group]["properties"]["id"], **whole["properties"]},
        }
        named.append({"$ref": f"#/$defs/{model}{group}"})
    return named
