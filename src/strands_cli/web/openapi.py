"""The OpenAPI document of the REST interface."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from strands_cli.web.problems import MEDIA_TYPE

PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What is wrong (RFC 9457).",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "description": "Where the code is described."},
        "title": {"type": "string", "description": "What kind of problem it is."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "code": {"type": "string", "description": "A word that stays the same, for programs."},
        "detail": {"type": "string", "description": "What is wrong here."},
        "hint": {"type": "string", "description": "What to do."},
        "errors": {
            "type": "array",
            "description": "What is wrong with parts of the request.",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_TITLES = {
    400: "The request is not as described.",
    401: "It is not known who asks.",
    403: "Whoever asks may not.",
    404: "There is no such thing.",
    406: "It is a stream.",
    409: "It is in another state, or somebody was first.",
    410: "It is over.",
    412: "What was shown has changed.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A value does not fit.",
    428: "The request does not say what was shown.",
    429: "Too many have failed.",
    503: "The store cannot be used now.",
}
_ALWAYS = (400, 401, 403, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the responses that tell of problems, for an operation's description."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _TITLES[status], "content": content} for status in sorted({*_ALWAYS, *statuses})}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application."""
    from fastapi.openapi.utils import get_openapi

    told = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0"
    )
    parts = told.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in told["paths"].values():
        for operation in path.values():
            _without_validation(operation)
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token: `strands token create`."},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "strands_PORT", "description": "Given when signing in."},
    }
    told["security"] = [{"token": []}, {"cookie": []}]
    return told


def add_document(app: FastAPI, path: str) -> None:
    """Serve the document of an application at a path."""

    @app.get(path, include_in_schema=False)
    async def openapi() -> Response:
        if app.openapi_schema is None:
            app.openapi_schema = document(app)
        return JSONResponse(app.openapi_schema)


def _without_validation(operation: dict[str, Any]) -> None:
    """What FastAPI tells of its own refusals is not what this interface says."""
    told = operation.get("responses", {}).get("422", {}).get("content", {}).get("application/json", {})
    if "HTTPValidationError" in str(told.get("schema", "")):
        del operation["responses"]["422"]
