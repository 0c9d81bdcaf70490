"""The model providers: one record for each, from which checks, commands, messages and pages are made."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from strands._lazy import lazy
from strands_cli.errors import ProviderNotReadyError

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands_cli.capability.model_config import ModelConfig as ModelConfig
else:
    __getattr__, __dir__ = lazy(__name__)

GROUP = "strands.models"
"""Entry points of this group are the providers of other packages: a `Provider`, or a function that makes a model."""


class Provider(NamedTuple):
    """A provider of models.

    Attributes:
        name: What a workflow calls it.
        make: Returns a new model.
        package: The module of its client, or "" when it needs none.
        extra: The extra of strands-cli that brings the client, or "" when every installation has it.
        install: The command that installs the client, when no extra does.
        keys: Environment variables of which one has to hold the key. None: it needs no key.
        key_files: Files that may hold the key instead.
        hosts: Environment variables that name a server of one's own, which needs no key.
        variables: How the environment variables begin that its client is built from. None: any of them.
        problem: Returns what is missing beside the client and what to do about it, or None; it stands for a look at
            the keys before a run.
        default_model: The id of the model where a workflow names none; "" when that is not known here.
    """

    name: str
    make: Callable[[ModelConfig], Model]
    package: str = ""
    extra: str = ""
    install: str = ""
    keys: tuple[str, ...] = ()
    key_files: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    problem: Callable[[], tuple[str, str] | None] | None = None
    default_model: str = ""

    @property
    def installed(self) -> bool:
        """Whether its client can be imported."""
        from importlib.util import find_spec

        try:
            return not self.package or find_spec(self.package) is not None
        except ModuleNotFoundError:
            return False

    @property
    def has_key(self) -> bool:
        """Whether a key is set, or none is needed."""
        if not self.keys or any(os.environ.get(key) for key in self.keys):
            return True
        return any(Path(file).expanduser().is_file() for file in self.key_files)

    @property
    def how_to_install(self) -> str:
        """The command that installs its client."""
        return self.install or f"pip install 'strands-cli{f'[{self.extra}]' if self.extra else ''}'"

    def check(self, config: ModelConfig) -> None:
        """Check that models of it can be made.

        Raises:
            ProviderNotReadyError: A key or a package is missing.
        """
        rehearse = "--offline (in Python: offline=True)"
        local = config.host or any(os.environ.get(name) for name in self.hosts)
        problem = self.problem() if self.problem is not None else None
        if problem is not None:
            raise ProviderNotReadyError(
                f"provider {self.name!r} {problem[0]}", hint=f"{problem[1]}, or rehearse without: {rehearse}."
            )
        if self.problem is None and not local and not self.has_key:
            raise ProviderNotReadyError(
                f"provider {self.name!r} needs the environment variable {' or '.join(self.keys)}; it is not set",
                hint=f"Set it (export {self.keys[0]}=...), or rehearse without a key: {rehearse}.",
            )
        if not self.installed:
            raise ProviderNotReadyError(
                f"provider {self.name!r} needs a package that is not installed",
                hint=f"Install it: {self.how_to_install}.",
            )


def known() -> tuple[str, ...]:
    """Return the names of the providers of this build and of the packages installed beside it."""
    from importlib.metadata import entry_points

    others = sorted({point.name for point in entry_points(group=GROUP)})
    return (*PROVIDERS, *(name for name in others if name not in PROVIDERS))


def provider(name: str) -> Provider:
    """Return a provider of this build or of a package installed beside it.

    Raises:
        ProviderNotReadyError: There is none of this name, or its package cannot be imported.
    """
    return PROVIDERS.get(name) or _entry_point(name)


@cache
def _entry_point(name: str) -> Provider:
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP):
        if point.name != name:
            continue
        try:
            found = point.load()
        except Exception as error:  # a module may do anything while it is imported
            cause = f"provider {name!r} cannot be loaded from {point.value!r}: {type(error).__name__}: {error}"
            raise ProviderNotReadyError(cause, hint="Correct or reinstall the package that offers it.") from error
        return found if isinstance(found, Provider) else Provider(name, found)
    raise ProviderNotReadyError(
        f"unknown provider {name!r}",
        hint=f"Use one of {', '.join(PROVIDERS)}, or install a package that offers it as a {GROUP!r} entry point.",
    )


_OPENAI, _ANTHROPIC, _GEMINI, _OLLAMA = "gpt-4o-mini", "claude-sonnet-4-6", "gemini-2.5-flash", "llama3.1"
_BEDROCK = "global.anthropic.claude-sonnet-4-6"


# -- those of this build --------------------------------------------------------------------------------------------


def _bedrock(config: ModelConfig) -> Model:
    from strands.models.bedrock import BedrockModel

    options: dict[str, Any] = config.params()
    if config.model_id:
        options["model_id"] = config.model_id
    if config.region:
        options["region_name"] = config.region
    if config.host:
        options["endpoint_url"] = config.host
    return BedrockModel(**options)


def _aws_problem() -> tuple[str, str] | None:
    if os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_BEARER_TOKEN_BEDROCK"):
        return None
    import boto3

    if boto3.Session().get_credentials() is not None:
        return None
    cause = "needs AWS credentials (AWS_ACCESS_KEY_ID, a profile or a role); none were found"
    return cause, "Configure them (aws configure)"


def _openai(config: ModelConfig) -> Model:
    from strands.models.openai import OpenAIModel

    args: dict[str, Any] = {}
    if config.host:
        args["base_url"] = config.host
    if not os.environ.get("OPENAI_API_KEY"):
        args["api_key"] = "not-needed"
    params = config.params()
    model_id = config.model_id or _OPENAI
    if "max_tokens" in params and model_id.startswith(("gpt-5", "o1", "o3", "o4")):
        params["max_completion_tokens"] = params.pop("max_tokens")
    return OpenAIModel(client_args=args, model_id=model_id, params=params)


def _anthropic(config: ModelConfig) -> Model:
    from strands.models.anthropic import AnthropicModel

    params = config.params()
    max_tokens = params.pop("max_tokens", 4096)
    args = {"base_url": config.host} if config.host else {}
    return AnthropicModel(
        client_args=args, model_id=config.model_id or _ANTHROPIC, max_tokens=max_tokens, params=params
    )


def _gemini(config: ModelConfig) -> Model:
    from strands.models.gemini import GeminiModel

    params = config.params()
    if "max_tokens" in params:
        params["max_output_tokens"] = params.pop("max_tokens")
    args: dict[str, Any] = {"http_options": {"base_url": config.host}} if config.host else {}
    return GeminiModel(client_args=args, model_id=config.model_id or _GEMINI, params=params)


def _ollama(config: ModelConfig) -> Model:
    from strands.models.ollama import OllamaModel

    return OllamaModel(config.host or "http://localhost:11434", model_id=config.model_id or _OLLAMA, **config.params())


def _litellm(config: ModelConfig) -> Model:
    from strands.models.litellm import LiteLLMModel

    args = {"api_base": config.host} if config.host else {}
    return LiteLLMModel(client_args=args, model_id=config.model_id or _OPENAI, params=config.params())


def _scripted(config: ModelConfig) -> Model:
    from strands.models.scripted import ScriptedModel

    return ScriptedModel.rehearsal()


_AWS_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ROLE_ARN")
_RECORDS = (
    Provider(
        "bedrock",
        _bedrock,
        package="boto3",
        keys=_AWS_KEYS,
        key_files=("~/.aws/credentials", "~/.aws/config"),
        variables=("AWS_",),
        problem=_aws_problem,
        default_model=_BEDROCK,
    ),
    Provider(
        "openai",
        _openai,
        package="openai",
        keys=("OPENAI_API_KEY",),
        hosts=("OPENAI_BASE_URL",),
        variables=("OPENAI_",),
        default_model=_OPENAI,
    ),
    Provider(
        "anthropic",
        _anthropic,
        package="anthropic",
        extra="anthropic",
        keys=("ANTHROPIC_API_KEY",),
        variables=("ANTHROPIC_",),
        default_model=_ANTHROPIC,
    ),
    Provider(
        "gemini",
        _gemini,
        package="google.genai",
        extra="gemini",
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        variables=("GEMINI_", "GOOGLE_"),
        default_model=_GEMINI,
    ),
    Provider("ollama", _ollama, package="ollama", extra="ollama", variables=("OLLAMA_",), default_model=_OLLAMA),
    Provider("litellm", _litellm, package="litellm", extra="litellm", default_model=_OPENAI),
    Provider("scripted", _scripted, variables=("STRANDS_",), default_model="scripted"),
)
PROVIDERS: dict[str, Provider] = {each.name: each for each in _RECORDS}
"""The providers of this build, by name."""
