"""Pictures, documents and videos that tools return."""

from __future__ import annotations

import json

import pytest

from support.providers import Provider, ask, assistant, parameters, text_of, tool_spec, user

every = pytest.mark.parametrize("provider", parameters())
IMAGE = {"image": {"format": "png", "source": {"bytes": b"\x89PNG-bytes"}}}
BASE64 = "iVBORy1ieXRlcw=="


@every
def test_images_in_a_tool_result_go_along(provider: Provider) -> None:
    result = {"toolUseId": "t1", "status": "success", "content": [{"text": "a photo"}, IMAGE]}
    history = [
        user("Look."),
        assistant({"toolUse": {"toolUseId": "t1", "name": "look", "input": {}}}),
        user({"toolResult": result}),
    ]
    with provider.stub(["A cat."]) as stub:
        assert text_of(ask(provider.model(stub), history, [tool_spec("look")])) == "A cat."
        assert BASE64 in json.dumps(stub.requests[0].body)


@pytest.mark.parametrize("provider", parameters(without=("bedrock", "gemini")))
def test_what_the_api_has_no_place_for_in_a_tools_result_is_told(provider: Provider) -> None:
    video = {"video": {"format": "mp4", "source": {"bytes": b"x"}}}
    far = {"image": {"format": "png", "source": {"location": {"type": "s3", "uri": "s3://b/k"}}}}
    result = {"toolUseId": "t1", "status": "success", "content": [{"text": "Here."}, video, far]}
    history = [
        user("Look."),
        assistant({"toolUse": {"toolUseId": "t1", "name": "look", "input": {}}}),
        user({"toolResult": result}),
    ]
    with provider.stub(["I see."]) as stub:
        assert text_of(ask(provider.model(stub), history, [tool_spec("look")])) == "I see."
        body = json.dumps(stub.requests[0].body)
    assert "Here." in body
    assert body.count("(Left out: ") == 2
