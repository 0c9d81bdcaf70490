"""Faults are typed errors, and stay errors of the client's own library for programs that catch those."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from strands.types.exceptions import (
    ModelAuthenticationError,
    ModelError,
    ModelRequestError,
    ModelThrottledException,
    ModelUnavailableError,
)
from support.providers import Provider, ask, parameters
from support.stub_http import Fault

# Ollama's client has one class for all, which loses the headers.
of_a_library = pytest.mark.parametrize("provider", parameters(without=("ollama",)))
LIBRARIES = {name: name for name in ("openai", "anthropic", "google.genai", "litellm")} | {"boto3": "botocore"}


def raised(provider: Provider, fault: Fault) -> Any:
    with provider.stub([fault]) as stub, pytest.raises(ModelError) as caught:
        ask(provider.model(stub))
    return caught.value


@of_a_library
@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (400, ModelRequestError),
        (401, ModelAuthenticationError),
        (429, ModelThrottledException),
        (500, ModelUnavailableError),
    ],
)
def test_an_error_is_ours_and_of_the_clients_library(provider: Provider, status: int, ours: type[ModelError]) -> None:
    error = raised(provider, Fault(status))
    assert type(error).__name__ == ours.__name__
    assert isinstance(error, ours)
    assert any(each.__module__.startswith(LIBRARIES[provider.package]) for each in type(error).__mro__)
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), str(copied)) == (ours, str(error))


def test_what_the_client_says_of_an_error_is_kept_with_what_ours_says() -> None:
    import openai

    (provider,) = (each.values[0] for each in parameters("openai"))
    error = raised(provider, Fault(429, headers={"retry-after": "7"}))
    assert issubclass(type(error), openai.RateLimitError)
    assert (error.status_code, error.retry_after) == (429, 7)
    assert str(error).startswith("OpenAI answered 429")
