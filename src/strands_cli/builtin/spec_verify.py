"""spec_verify: tells an agent that writes workflow files what is wrong with one."""

from __future__ import annotations

import json
from typing import Any

from strands.tools.decorator import tool
from strands_cli.builtin import ToolAccess


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool."""
    return tool(name=name)(spec_verify)


def spec_verify(spec: str, check_capability: bool = True) -> str:
    """Check the text of a workflow file and return JSON: whether it is valid, can be run, and all that is wrong.

    Args:
        spec: The YAML or JSON of the workflow.
        check_capability: Whether to tell what is valid and cannot be run here, too.
    """
    from strands_cli.capability.checker import CapabilityError
    from strands_cli.errors import StrandsError
    from strands_cli.loader import load_text

    valid, supported, errors, issues = True, True, [], []
    try:
        # A file that it refers to is none of a model's business: a text stands for itself.
        found = load_text(spec, source=f"spec.{'json' if _is_json(spec) else 'yaml'}", references=False)
    except CapabilityError as error:
        found, supported = None, False
        issues = [_told(problem, "reason", "remediation") for problem in error.problems if check_capability]
    except StrandsError as error:
        found, valid, supported = None, False, False
        problems = getattr(error, "problems", ())
        errors = [_told(each, "message", "hint") for each in problems] or [{"message": error.message}]
    told: dict[str, Any] = {"schema_valid": valid, "pydantic_valid": valid, "capability_supported": supported}
    told.update(errors=errors, issues=issues, warnings=list(found.warnings) if found is not None else [])
    if found is not None:
        told["spec"] = {"name": found.name, "pattern": found.pattern.type, "agents": list(found.agents)}
    return json.dumps(told, ensure_ascii=False, indent=2)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _told(problem: Any, cause: str, remedy: str) -> dict[str, Any]:
    place = {"pointer": problem.json_pointer, "line": problem.line, "column": problem.column}
    return {**place, cause: problem.message, remedy: problem.hint}
