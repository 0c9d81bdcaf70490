"""The JSON Schema of a spec, put together from the models."""

from __future__ import annotations

import re

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from strands_cli.spec.context import ContextPolicy
from strands_cli.spec.env import Env
from strands_cli.spec.metadata import Metadata
from strands_cli.spec.pattern import PATTERNS, config_model
from strands_cli.spec.root import Spec
from strands_cli.spec.security import Security
from strands_cli.spec.skills import Skill
from strands_cli.spec.telemetry import Telemetry
from strands_cli.spec.tools import Tools
from strands_cli.types import Json

_LAZY: tuple[type[BaseModel], ...] = (ContextPolicy, Env, Metadata, Security, Skill, Telemetry, Tools)


def export() -> dict[str, Json]:
    """Return the JSON Schema (2020-12) of a spec, with every pattern."""
    models: list[type[BaseModel]] = [Spec, *_LAZY, *map(config_model, PATTERNS)]
    for model in models:
        model.model_rebuild()
    _, together = models_json_schema([(model, "validation") for model in models], by_alias=True)
    definitions: dict[str, Json] = together["$defs"]
    for schema in definitions.values():
        _tidy(schema)
    root = definitions.pop("Spec")
    _parameters(definitions)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Strands workflow"}
    return {**head, **{k: v for k, v in root.items() if k != "title"}, "$defs": dict(sorted(definitions.items()))}


def _tidy(schema: Json) -> None:
    """Make descriptions one line, and drop titles that only repeat a key."""
    if isinstance(schema, list):
        for each in schema:
            _tidy(each)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("description"), str):
        schema["description"] = re.sub(r"\s+", " ", schema["description"]).strip()
    for key, field in (schema.get("properties") or {}).items():
        if (
            isinstance(field, dict)
            and isinstance(field.get("title"), str)
            and field["title"].lower() == key.replace("_", " ")
        ):
            del field["title"]
    for each in list(schema.values()):
        _tidy(each)


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
    _short_forms(definitions)
    _one_or_many(definitions["GraphEdge"]["properties"]["to"])
    for model in ("AgentTask", "HitlTask"):
        _one_or_many(definitions[model]["properties"]["deps"])
    _one_or_many(definitions["Approval"]["properties"]["tools"])


def _short_forms(definitions: dict[str, Json]) -> None:
    """A branch may be a step, with an id if it has one; a route may be a step or a list of steps."""
    step = {"oneOf": [{"$ref": "#/$defs/AgentStep"}, {"$ref": "#/$defs/HitlStep"}]}
    named = []
    for model in ("AgentStep", "HitlStep"):
        whole = definitions[model]
        definitions[f"{model}Branch"] = {
            **whole,
            "title": f"{model}Branch",
            "properties": {"id": definitions["Branch"]["properties"]["id"], **whole["properties"]},
        }
        named.append({"$ref": f"#/$defs/{model}Branch"})
    branches = definitions["ParallelConfig"]["properties"]["branches"]
    branches["items"] = {"anyOf": [branches["items"], *named]}
    routes = definitions["RoutingConfig"]["properties"]["routes"]["patternProperties"]
    for name, route in routes.items():
        routes[name] = {"anyOf": [route, step, {"type": "array", "items": step, "minItems": 1}]}


def _one_or_many(schema: dict[str, Json]) -> None:
    variants = schema.pop("anyOf", None) or [{"type": schema.pop("type"), "items": schema.pop("items")}]
    schema["anyOf"] = [{"type": "string"}, *variants]
