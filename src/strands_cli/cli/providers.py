"""What each model provider needs on this machine."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple


class Provider(NamedTuple):
    """A provider: its package, and where its key comes from.

    Attributes:
        module: The module of this build that speaks its protocol.
        package: The module of its client.
        keys: Environment variables, any of which is enough; none when it needs no key.
        files: Files that serve as well.
        install: What installs its client.
    """

    module: str
    package: str
    keys: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    install: str = ""


PROVIDERS = {
    "openai": Provider("strands.models.openai", "openai", ("OPENAI_API_KEY",)),
    "bedrock": Provider(
        "strands.models.bedrock",
        "boto3",
        (
            "AWS_ACCESS_KEY_ID",
            "AWS_PROFILE",
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_ROLE_ARN",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        ),
        ("~/.aws/credentials", "~/.aws/config"),
    ),
    "anthropic": Provider("strands.models.anthropic", "anthropic", ("ANTHROPIC_API_KEY",), install="anthropic"),
    "gemini": Provider("strands.models.gemini", "google.genai", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), install="gemini"),
    "ollama": Provider("strands.models.ollama", "ollama", install="ollama"),
    "litellm": Provider("strands.models.litellm", "litellm", install="litellm"),
    "scripted": Provider("strands.models.scripted", "strands"),
}


def supported() -> list[str]:
    """Return the providers that this build has."""
    return [name for name, provider in PROVIDERS.items() if _is_there(provider.module)]


def missing(name: str) -> list[str]:
    """Return what keeps a provider from being used, as things to do; empty when it is ready."""
    provider = PROVIDERS[name]
    todo = []
    if not _is_there(provider.package):
        todo.append(f"pip install 'strands-cli[{provider.install}]'" if provider.install else "reinstall strands-cli")
    keys = any(os.environ.get(key) for key in provider.keys)
    files = any(Path(file).expanduser().is_file() for file in provider.files)
    if provider.keys and not keys and not files:
        todo.append(f"set {provider.keys[0]}")
    return todo


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
