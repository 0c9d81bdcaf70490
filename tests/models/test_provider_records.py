"""What a workflow says of a model reaches the provider's client, and what is missing is told with its remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands_cli.capability.model_config import ModelConfig
from strands_cli.capability.providers import PROVIDERS, provider
from strands_cli.errors import ProviderNotReadyError


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, no profile and no server of this machine."""
    for record in PROVIDERS.values():
        for name in (*record.keys, *record.hosts):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("name", "asked", "settings"),
    [
        ("bedrock", {"temperature": 0.5}, {"temperature": 0.5}),
        ("openai", {"max_tokens": 9}, {"params": {"max_tokens": 9}}),
        ("openai", {"model_id": "gpt-5", "max_tokens": 9}, {"params": {"max_completion_tokens": 9}}),
        ("anthropic", {"max_tokens": 9, "top_p": 0.1}, {"max_tokens": 9, "params": {"top_p": 0.1}}),
        ("anthropic", {}, {"max_tokens": 4096}),
        ("gemini", {"max_tokens": 9}, {"params": {"max_output_tokens": 9}}),
        ("ollama", {"max_tokens": 9}, {"max_tokens": 9}),
        ("litellm", {"temperature": 0.5}, {"params": {"temperature": 0.5}}),
    ],
)
def test_a_model_is_made_as_the_workflow_says(name: str, asked: dict[str, Any], settings: dict[str, Any]) -> None:
    wanted = {"model_id": "large", "region": "us-east-1", **asked}
    at_home = provider(name).make(ModelConfig(name, host="http://127.0.0.1:1", **wanted))
    config = dict(at_home.get_config())
    assert config["model_id"] == wanted["model_id"]
    assert {key: config.get(key) for key in settings} == settings


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name != "bedrock"])
def test_a_model_that_is_not_named_has_a_default(name: str) -> None:
    made = provider(name).make(ModelConfig(name, region="us-east-1"))
    assert name == "scripted" or dict(made.get_config())["model_id"]


@pytest.mark.parametrize(
    ("name", "cause", "hint"),
    [
        ("openai", "needs the environment variable OPENAI_API_KEY", "export OPENAI_API_KEY="),
        ("gemini", "GEMINI_API_KEY or GOOGLE_API_KEY", "rehearse without a key"),
        ("bedrock", "needs AWS credentials", "aws configure"),
    ],
)
def test_without_a_key_it_says_which(name: str, cause: str, hint: str) -> None:
    with pytest.raises(ProviderNotReadyError, match=cause) as refused:
        provider(name).check(ModelConfig(name))
    assert hint in str(refused.value.hint)


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK"])
def test_either_key_of_aws_will_do(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "k")
    provider("bedrock").check(ModelConfig("bedrock"))


def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    provider("openai").check(ModelConfig("openai", host="http://127.0.0.1:1"))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
    provider("openai").check(ModelConfig("openai"))


def test_a_file_may_hold_the_key(tmp_path: Path) -> None:
    record = PROVIDERS["bedrock"]
    assert not record.has_key
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text("[default]")
    assert record.has_key


def test_a_package_that_is_missing_is_named_with_how_to_install_it() -> None:
    lacking = PROVIDERS["ollama"]._replace(package="no_such.package")
    assert not lacking.installed
    with pytest.raises(ProviderNotReadyError, match="needs a package") as refused:
        lacking.check(ModelConfig("ollama"))
    assert "pip install 'strands-cli[ollama]'" in str(refused.value.hint)


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(ProviderNotReadyError, match="unknown provider 'open-ai'") as refused:
        provider("open-ai")
    assert "Use one of bedrock, openai" in str(refused.value.hint)
