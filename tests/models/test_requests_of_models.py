"""What requests say where a provider cannot take what is asked: left out and told, or refused."""

from __future__ import annotations

import logging
import types
import unittest.mock
from typing import Any

import pytest

from strands.models import AnthropicModel, CacheConfig, Model, OpenAIModel, OpenAIResponsesModel
from strands.types.exceptions import ModelRequestError
from support.providers import Provider, ask, parameters, user

anthropic = pytest.mark.parametrize("provider", parameters("anthropic"))
FAR: Any = {"image": {"format": "png", "source": {"location": {"type": "s3", "uri": "s3://b/k"}}}}
MODELS: list[Any] = [AnthropicModel, OpenAIModel, OpenAIResponsesModel]
MARK: Any = {"cachePoint": {"type": "default"}}


def requested(kind: Any, *content: Any, **config: Any) -> dict[str, Any]:
    request: dict[str, Any] = kind(model_id="m", **config).format_request([user(*content)])
    return request


@pytest.mark.parametrize("kind", MODELS)
def test_a_picture_that_lies_elsewhere_is_left_out_and_the_log_says_so(
    kind: type[Model], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="strands"):
        request = requested(kind, {"text": "Look at this."}, FAR)
    assert "Look at this." in str(request)
    assert "s3://b/k" not in str(request)
    assert "s3://b/k" in caplog.text


@pytest.mark.parametrize("kind", MODELS)
def test_a_prompt_that_is_nothing_else_is_refused(kind: type[Model]) -> None:
    with pytest.raises(ModelRequestError, match="give its 'bytes'"):
        requested(kind, FAR)


@pytest.mark.parametrize("kind", MODELS)
def test_a_block_that_no_place_is_for_is_a_request_error_and_a_type_error(kind: type[Model]) -> None:
    with pytest.raises(TypeError, match="'hologram'"):
        requested(kind, {"hologram": {}})
    with pytest.raises(ModelRequestError):
        requested(kind, {"hologram": {}})


def test_anthropic_is_not_sent_a_picture_of_a_kind_that_it_does_not_read() -> None:
    with pytest.raises(TypeError, match="bmp"):
        requested(AnthropicModel, {"image": {"format": "bmp", "source": {"bytes": b"BM"}}})


@pytest.mark.parametrize("stream", [True, False])
def test_a_stream_that_the_parameters_turn_off_asks_for_no_options_of_streams(stream: bool) -> None:
    request = requested(OpenAIModel, {"text": "Hi"}, params={"stream": stream})
    assert (request["stream"], "stream_options" in request) == (stream, stream)


def marks(*content: Any, passing: int = 0, cache: CacheConfig | None = None) -> list[tuple[str, bool]]:
    """Return the texts of a message as Anthropic is sent them, and whether the cache ends behind each."""
    model = AnthropicModel(model_id="m", cache_config=cache or CacheConfig())
    request = model.format_request([user(*content)], dynamic_trailing_blocks=passing)
    return [(block.get("text", block["type"]), "cache_control" in block) for block in request["messages"][0]["content"]]


@pytest.mark.parametrize(
    ("passing", "where"), [(0, [False, False, True]), (1, [False, True, False]), (3, [False, False, False])]
)
def test_what_is_made_anew_for_each_call_stands_behind_the_cache(passing: int, where: list[bool]) -> None:
    assert [marked for _, marked in marks({"text": "a"}, {"text": "b"}, {"text": "c"}, passing=passing)] == where


def test_a_message_has_one_mark_for_anthropic_which_takes_four_in_all() -> None:
    assert marks({"text": "a"}, MARK, {"text": "b"}, MARK) == [("a", True), ("b", False)]


def test_a_mark_behind_what_is_not_sent_goes_to_what_is() -> None:
    assert marks(FAR, MARK, {"text": "a"}) == [("a", True)]


def test_a_strategy_that_is_unknown_is_warned_of_and_marks_nothing() -> None:
    unknown: Any = "everything"
    with pytest.warns(UserWarning, match="'everything' is not a strategy"):
        assert marks({"text": "a"}, cache=CacheConfig(strategy=unknown)) == [("a", False)]


@anthropic
def test_betas_that_the_client_asks_for_stay_when_old_thoughts_are_left_out(provider: Provider) -> None:
    refused = pytest.importorskip("anthropic").BadRequestError(
        "Invalid `signature` in `thinking` block. The block is bound to a different conversation.",
        response=unittest.mock.Mock(),
        body=None,
    )
    asked: list[Any] = []

    async def create(**kwargs: Any) -> Any:
        asked.append(kwargs)
        raise refused

    client = types.SimpleNamespace(
        default_headers={"anthropic-beta": "of-the-client"}, messages=types.SimpleNamespace(create=create)
    )
    model = AnthropicModel(client=client, model_id="m", params={"thinking": {"type": "adaptive"}})
    with pytest.raises(ModelRequestError):
        ask(model, "Hello")
    assert asked[1]["extra_headers"]["anthropic-beta"].startswith("of-the-client,")
    assert model.format_request([user("Hi")])["extra_headers"] == asked[1]["extra_headers"]


def test_a_window_that_is_not_known_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="context_window_limit"):
        assert OpenAIModel(model_id="nobody-knows").estimate_utilization(50_000) == 0.25
