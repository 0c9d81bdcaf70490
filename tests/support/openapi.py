"""What an OpenAPI document promises, in short: what clients rely on, and no more than that."""

from __future__ import annotations

from typing import Any


def outline(document: dict[str, Any]) -> dict[str, Any]:
    """Return operation id to path, parameters, statuses, and the fields of body and answer."""
    schemas = document["components"]["schemas"]
    found = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            found[operation["operationId"]] = {
                "call": f"{method.upper()} {path}",
                "parameters": sorted(f"{each['in']} {each['name']}" for each in operation.get("parameters", ())),
                "statuses": sorted(responses),
                "body": _fields(operation.get("requestBody", {}), schemas),
                "answer": _fields(next(responses[each] for each in sorted(responses)), schemas),
            }
    return dict(sorted(found.items()))


def _fields(told: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    schema = told.get("content", {}).get("application/json", {}).get("schema", {})
    schema = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    needed = schema.get("required", ())
    return sorted(f"{name}{'' if name in needed else '?'}" for name in schema.get("properties", {}))


if __name__ == "__main__":
    import json

    from strands_cli.inbox.inbox import Inbox
    from strands_cli.session.repository import store_at
    from strands_cli.web.app import create_app
    from strands_cli.web.openapi import document
    from strands_cli.web.settings import ServerSettings

    print(json.dumps(outline(document(create_app(Inbox(store_at("/tmp/none")), ServerSettings()))), indent=1))
