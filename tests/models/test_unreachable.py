"""A provider with which no connection comes about: fewer tries, and a line about each."""

from __future__ import annotations

import logging
import socket

import pytest

from strands import Agent
from strands.event_loop import ModelRetryStrategy
from strands.types.exceptions import ModelUnavailableError, ModelUnreachableError
from support.providers import Provider, ask, parameters
from support.stub_http import Fault

every = pytest.mark.parametrize("provider", parameters())


class Nowhere:
    """An address at which nobody listens."""

    def __init__(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{taken.getsockname()[1]}"


@every
def test_a_refused_connection_has_its_own_error(provider: Provider) -> None:
    with pytest.raises(ModelUnreachableError, match="cannot be reached"):
        ask(provider.model(Nowhere()))  # type: ignore[arg-type]


@every
def test_a_server_that_answers_is_not_unreachable(provider: Provider) -> None:
    with provider.stub([Fault(503), Fault(drop=True)]) as stub:
        for _ in range(2):
            with pytest.raises(ModelUnavailableError) as caught:
                ask(provider.model(stub))
            assert not isinstance(caught.value, ModelUnreachableError)


@pytest.mark.parametrize("provider", parameters("openai"))
def test_it_is_tried_three_times_and_each_is_told(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    again = ModelRetryStrategy(max_attempts=6, initial_delay=0)
    agent = Agent(model=provider.model(Nowhere()), callback_handler=None, retry_strategy=again)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING, "strands"), pytest.raises(ModelUnreachableError):
        agent("Hello")
    assert ["call 2 of 3" in caplog.messages[0], "call 3 of 3" in caplog.messages[1]] == [True, True]
    assert len(caplog.messages) == 2
    assert "cannot be reached" in caplog.messages[0]
