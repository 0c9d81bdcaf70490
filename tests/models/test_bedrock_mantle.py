"""OpenAI's APIs at Amazon Bedrock: where requests go, and the token that each brings."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import openai
import pytest

from strands.models import Model, OpenAIModel, OpenAIResponsesModel
from strands.types.exceptions import ModelAuthenticationError
from support.providers import ask_async, text_of
from support.stub_openai import StubOpenAI
from support.stub_responses import StubResponses

BOTH = pytest.mark.parametrize(
    ("kind", "stub_of"), [(OpenAIModel, StubOpenAI), (OpenAIResponsesModel, StubResponses)], ids=["chat", "responses"]
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    yield


class Redirected:
    """An HTTP client that leads every request to a stub, and keeps where it was meant to go."""

    def __init__(self, stub: Any) -> None:
        self.meant: list[str] = []
        self._stub = stub
        self.client = openai.DefaultAsyncHttpxClient(event_hooks={"request": [self._redirect]})

    async def _redirect(self, request: Any) -> None:
        self.meant.append(str(request.url))
        path = "/v1/" + str(request.url.path).partition("/v1/")[2]
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._stub.port, path=path)


async def answers(model: Model, *model_ids: str) -> list[str]:
    said = []
    for model_id in model_ids:
        model.update_config(model_id=model_id)
        said.append(text_of([event async for event in model.stream([{"role": "user", "content": [{"text": "Hi"}]}])]))
    await model.aclose()
    return said


@BOTH
def test_each_request_brings_a_token_and_goes_where_the_model_is(kind: Any, stub_of: Any) -> None:
    pytest.importorskip("aws_bedrock_token_generator")
    with stub_of(["one", "two"]) as stub:
        there = Redirected(stub)
        mantle = {"region": "eu-west-1", "expiry": timedelta(hours=1)}
        model = kind(bedrock_mantle_config=mantle, client_args={"http_client": there.client}, model_id="m")
        assert asyncio.run(answers(model, "openai.gpt-oss-120b", "openai.gpt-5.4")) == ["one", "two"]
        tokens = [request.headers["authorization"] for request in stub.requests]
    assert all(token.startswith("Bearer bedrock-api-key-") for token in tokens)
    assert there.meant[0].startswith("https://bedrock-mantle.eu-west-1.api.aws/v1/")
    assert there.meant[1].startswith("https://bedrock-mantle.eu-west-1.api.aws/openai/v1/")


def test_the_endpoint_that_takes_inference_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aws_bedrock_token_generator")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with StubOpenAI(["Hi"]) as stub:
        there = Redirected(stub)
        model = OpenAIModel(
            bedrock_mantle_config={"endpoint": "bedrock-runtime"},
            client_args={"http_client": there.client},
            model_id="global.openai.gpt-5.4",
        )
        asyncio.run(ask_async(model))
    assert there.meant == ["https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions"]


def test_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    pytest.importorskip("aws_bedrock_token_generator")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(ModelAuthenticationError, match="AWS credentials"):
        asyncio.run(ask_async(OpenAIModel(bedrock_mantle_config={"region": "eu-west-1"}, model_id="m")))


def test_without_the_package_that_makes_tokens() -> None:
    if importlib.util.find_spec("aws_bedrock_token_generator"):
        pytest.skip("it is installed")
    with pytest.raises(ImportError, match=r"strands-cli\[mantle\]"):
        asyncio.run(ask_async(OpenAIModel(bedrock_mantle_config={"region": "eu-west-1"}, model_id="m")))


@pytest.mark.parametrize("region", [None, "evil.example.com/", "eu-west"])
def test_a_region_that_is_none(region: str | None) -> None:
    config: Any = {} if region is None else {"region": region}
    with pytest.raises(ValueError, match="region"):
        asyncio.run(ask_async(OpenAIModel(bedrock_mantle_config=config, model_id="m")))


@pytest.mark.parametrize("kind", [OpenAIModel, OpenAIResponsesModel])
def test_only_one_may_say_where_requests_go(kind: Any) -> None:
    mantle = {"region": "eu-west-1"}
    with pytest.raises(ValueError, match="base_url"):
        kind(bedrock_mantle_config=mantle, client_args={"base_url": "http://localhost"})
    with pytest.raises(ValueError, match="not both"):
        kind(bedrock_mantle_config=mantle, client=object())
    with pytest.raises(ValueError, match="endpoint"):
        kind(bedrock_mantle_config={"endpoint": "bedrock"})
    with pytest.raises(ValueError, match="regoin"):
        kind(bedrock_mantle_config={"regoin": "eu-west-1"})
