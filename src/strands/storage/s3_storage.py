"""Bytes in an S3 bucket."""

from __future__ import annotations

import builtins
import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from strands._threads import on_disk
from strands.types.exceptions import StorageError

from .storage import Storage, StorageSearchResult, normal_key, normal_prefix

if TYPE_CHECKING:
    from .search import SearchStrategy

T = TypeVar("T")
_MISSING = {"NoSuchKey", "404", "NotFound"}


class S3Storage(Storage):
    """Keeps each key as an object of a bucket.

    Args:
        bucket: The bucket.
        prefix: What the names of all objects begin with.
        region_name: The region.
        boto_session: The boto3 session to use; one from the environment by default.
        boto_client_config: A botocore configuration for the client.
        search_strategy: How `search` finds things, told of what is written; by their words when None.

    Raises:
        StorageError: `region_name` and `boto_session` are both given.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        region_name: str | None = None,
        boto_session: Any = None,
        boto_client_config: Any = None,
        search_strategy: SearchStrategy | None = None,
    ) -> None:
        if region_name is not None and boto_session is not None:
            raise StorageError("give region_name or boto_session; the session has its own region")
        self._bucket = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._region = region_name
        self._session = boto_session
        self._config = boto_client_config
        self._strategy = search_strategy
        self._made: Any = None

    async def write(self, key: str, data: bytes) -> None:
        name = self._name(key)
        await self._do(name, lambda client: client.put_object(Bucket=self._bucket, Key=name, Body=data))
        if self._strategy is not None:
            await self._strategy.index(self, normal_key(key), data)

    async def read(self, key: str) -> bytes | None:
        name = self._name(key)
        return await self._do(
            name, lambda client: bytes(client.get_object(Bucket=self._bucket, Key=name)["Body"].read())
        )

    async def delete(self, key: str) -> None:
        name = self._name(key)
        await self._do(name, lambda client: client.delete_object(Bucket=self._bucket, Key=name))

    async def list(self, query: str = "") -> builtins.list[str]:
        name = self._prefix + query.lstrip("/")

        def found(client: Any) -> builtins.list[str]:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=name)
            names = [each["Key"] for page in pages for each in page.get("Contents", [])]
            return sorted(each[len(self._prefix) :] for each in names)

        return await self._do(name, found) or []

    async def search(self, query: str) -> builtins.list[StorageSearchResult]:
        return await (super().search(query) if self._strategy is None else self._strategy.search(self, query))

    def namespace(self, prefix: str) -> S3Storage:
        below = copy.copy(self)
        below._prefix += normal_prefix(prefix)
        below.namespaced = True
        return below

    def _name(self, key: str) -> str:
        return self._prefix + normal_key(key)

    async def _do(self, name: str, work: Callable[[Any], T]) -> T | None:
        return await on_disk(lambda: self._answered(name, work))

    def _answered(self, name: str, work: Callable[[Any], T]) -> T | None:
        """Return what S3 answers; None when there is no such object."""
        client = self._client()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return work(client)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return None
            raise StorageError(f"S3 refuses {name!r} in bucket {self._bucket!r}: {error}") from error
        except BotoCoreError as error:
            raise StorageError(f"S3 cannot be asked for {name!r} in bucket {self._bucket!r}: {error}") from error

    def _client(self) -> Any:
        if self._made is None:
            try:
                import boto3
            except ImportError as error:
                raise StorageError("S3Storage needs boto3; install it with: pip install boto3") from error
            session = self._session or boto3.Session(region_name=self._region)
            self._made = session.client("s3", config=self._config)
        return self._made
