"""OpenAI's APIs as Amazon Bedrock serves them: where they are, and the token that opens them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from strands.types.exceptions import ModelAuthenticationError

from ._clients import require

if TYPE_CHECKING:
    from datetime import timedelta

_ENDPOINTS = {
    "bedrock-mantle": "https://bedrock-mantle.{region}.api.aws{path}",
    "bedrock-runtime": "https://bedrock-runtime.{region}.amazonaws.com/openai/v1",
}
# The models that the endpoint serves under another path than /v1.
_OPENAI_PATH = re.compile(r"openai\.gpt-(5\.|6[-.])|xai\.grok-4\.|google\.gemma-4-")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z0-9]+)+-\d{1,2}")
_DERIVED = ("api_key", "base_url")


class BedrockMantleConfig(TypedDict, total=False):
    """How to reach OpenAI's APIs at Amazon Bedrock.

    Attributes:
        endpoint: "bedrock-mantle" (the default), or "bedrock-runtime", which alone takes inference profiles of several
            regions.
        region: The AWS region; left out, that of `boto_session` or of the environment.
        boto_session: A `boto3.Session` to take the region from.
        credentials_provider: A botocore `CredentialProvider`; left out, the usual AWS credentials serve.
        expiry: How long a token lives, a `timedelta`; each request brings a new one.
    """

    endpoint: Literal["bedrock-mantle", "bedrock-runtime"]
    region: str
    boto_session: Any
    credentials_provider: Any
    expiry: timedelta


class Mantle:
    """Leads the requests of a model to Bedrock.

    Args:
        config: How to reach it.
        client_args: Arguments of the client.
        client: A client of the user's own.
        user: The class of the model.

    Raises:
        ValueError: The region or the endpoint is not known, or an argument says otherwise where requests go.
    """

    def __init__(self, config: Mapping[str, Any], client_args: Mapping[str, Any], client: Any, user: str) -> None:
        if client is not None:
            raise ValueError(f"give {user} either client or bedrock_mantle_config, not both")
        twice = [name for name in _DERIVED if name in client_args]
        if twice:
            raise ValueError(
                f"client_args of {user} has {' and '.join(twice)}, which bedrock_mantle_config makes; leave them out"
            )
        unknown = sorted(set(config) - set(BedrockMantleConfig.__annotations__))
        if unknown:
            known = ", ".join(sorted(BedrockMantleConfig.__annotations__))
            raise ValueError(f"bedrock_mantle_config does not know {', '.join(map(repr, unknown))}; it knows {known}")
        endpoint = config.get("endpoint", "bedrock-mantle")
        if endpoint not in _ENDPOINTS:
            raise ValueError(f"bedrock_mantle_config has the endpoint {endpoint!r}; give {' or '.join(_ENDPOINTS)}")
        self._place = _ENDPOINTS[endpoint]
        self._config = config
        self._user = user

    def base_url(self, model_id: str) -> str:
        """Return where a model is served.

        Raises:
            ValueError: No region is given, or none that is one.
        """
        path = "/openai/v1" if _OPENAI_PATH.match(model_id) else "/v1"
        return self._place.format(region=self._region(), path=path)

    async def renew(self, client: Any, model_id: str) -> None:
        """Give a client a new token, and lead it to where a model is.

        Raises:
            ModelAuthenticationError: There are no usable credentials.
            ValueError: No region is given, or none that is one.
            ImportError: The package that makes tokens is not installed.
        """
        client.base_url = await asyncio.to_thread(self.base_url, model_id)
        client.api_key = await asyncio.to_thread(self._token)

    def _token(self) -> str:
        maker = require("aws_bedrock_token_generator", "mantle", f"bedrock_mantle_config of {self._user}")
        given = {"aws_credentials_provider": "credentials_provider", "expiry": "expiry"}
        asked = {name: self._config[key] for name, key in given.items() if key in self._config}
        try:
            return str(maker.provide_token(region=self._region(), **asked))
        except Exception as error:
            raise ModelAuthenticationError(
                f"no token for Bedrock could be made: {error}\n"
                "Check the AWS credentials (environment, profile or role), or give a credentials_provider."
            ) from error

    def _region(self) -> str:
        region = self._config.get("region") or getattr(self._config.get("boto_session"), "region_name", None)
        if region is None:
            region = require("boto3", "", self._user).Session().region_name
        if region is None:
            raise ValueError("bedrock_mantle_config has no region; give it one, or set AWS_REGION")
        if not _REGION.fullmatch(str(region)):
            raise ValueError(f"bedrock_mantle_config has the region {region!r}, which is none; an example: us-east-1")
        return str(region)
