"""What each model provider needs on this machine."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

PACKAGES = {
    "openai": "openai",
    "bedrock": "boto3",
    "anthropic": "anthropic",
    "gemini": "google.genai",
    "ollama": "ollama",
    "litellm": "litellm",
    "scripted": "strands",
}
"""Provider to the package of its client."""

_AWS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ROLE_ARN")
_AWS_FILES = ("~/.aws/credentials", "~/.aws/config")


def supported() -> list[str]:
    """Return the providers that this build has."""
    return [name for name in PACKAGES if _is_there(f"strands.models.{name}")]


def missing(name: str) -> list[str]:
    """Return what keeps a provider from being used, as things to do; empty when it is ready."""
    todo = []
    if not _is_there(PACKAGES[name]):
        extra = "" if name in ("openai", "bedrock") else f"[{name}]"
        todo.append(f"pip install 'strands-cli{extra}'")
    keys = _keys(name)
    if keys and not any(os.environ.get(key) for key in keys):
        todo.append(f"set {keys[0]}")
    return todo


def _keys(name: str) -> tuple[str, ...]:
    from strands_cli.providers import KEYS

    if name == "bedrock":
        return () if any(Path(file).expanduser().is_file() for file in _AWS_FILES) else _AWS
    return KEYS.get(name, ())


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
