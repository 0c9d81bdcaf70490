"""JSON objects in an S3 bucket."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from strands.types.exceptions import SessionException

from .json_text import from_json, to_json

logger: logging.Logger = logging.getLogger(__name__)

_ABSENT = {"NoSuchKey", "404", "NotFound"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_READERS = 10


class S3Store:
    """Reads and writes JSON objects of `bucket` through the boto3 `client`.

    Every method raises `SessionException`, naming the object, when the service refuses.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._conditional = True

    def read(self, key: str) -> dict[str, Any] | None:
        """Return an object, or None when there is none or it is not JSON."""
        return self.read_version(key)[0]

    def read_version(self, key: str) -> tuple[dict[str, Any] | None, str]:
        """Return an object as `read` does, and its version for `replace`; "" when there is none."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
            content, version = found["Body"].read(), str(found.get("ETag", ""))
        except Exception as error:
            if _code(error) in _ABSENT:
                return None, ""
            raise self._failure("read", key, error) from error
        return self._parsed(key, content), version

    def _parsed(self, key: str, content: bytes) -> dict[str, Any] | None:
        try:
            data = from_json(content)
        except ValueError:
            data = None
        if isinstance(data, dict):
            return data
        logger.warning("'s3://%s/%s' is damaged; the session goes on without it", self._bucket, key)
        return None

    def read_all(self, keys: Sequence[str]) -> list[dict[str, Any] | None]:
        """Return several objects in the order of `keys`, read at the same time."""
        if len(keys) < 2:
            return [self.read(key) for key in keys]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(_READERS, len(keys))) as pool:
            return list(pool.map(self.read, keys))

    def exists(self, key: str) -> bool:
        """Return whether there is an object."""
        try:
            self._client.head_object(Bucket=self._bucket, Key=key)
        except Exception as error:
            if _code(error) in _ABSENT:
                return False
            raise self._failure("read", key, error) from error
        return True

    def write(self, key: str, data: dict[str, Any]) -> None:
        """Make an object hold `data`."""
        try:
            self._client.put_object(**self._put(key, data))
        except Exception as error:
            raise self._failure("write", key, error) from error

    def create(self, key: str, data: dict[str, Any]) -> bool:
        """Make an object that is not there yet; return False, and leave it alone, when it is."""
        return self.replace(key, data, "") is not None

    def replace(self, key: str, data: dict[str, Any], version: str) -> str | None:
        """Make an object hold `data` if its version is `version` ("": if there is none), and return the new version.

        Returns None, and leaves the object alone, when it is another one by now. Data that is written twice is one
        version: who must tell writers apart writes something of his own into it.
        """
        if not self._conditional:
            return self._replace_checked(key, data, version)
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        try:
            return str(self._client.put_object(**self._put(key, data), **condition).get("ETag", ""))
        except Exception as error:
            if _code(error) in _TAKEN or (version and _code(error) in _ABSENT):
                return None
            if _code(error) != "NotImplemented":
                raise self._failure("write", key, error) from error
            logger.warning("the store of bucket %r has no conditional writes: keep one writer a session", self._bucket)
            self._conditional = False
            return self._replace_checked(key, data, version)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with `prefix`."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return [item["Key"] for page in pages for item in page.get("Contents", [])]
        except Exception as error:
            raise self._failure("list", prefix, error) from error

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        for start in range(0, len(keys), 1000):
            objects = [{"Key": key} for key in keys[start : start + 1000]]
            try:
                self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            except Exception as error:
                raise self._failure("delete", keys[start], error) from error

    def _replace_checked(self, key: str, data: dict[str, Any], version: str) -> str | None:
        if self.read_version(key)[1] != version if version else self.exists(key):
            return None
        self.write(key, data)
        return self.read_version(key)[1]

    def _put(self, key: str, data: dict[str, Any]) -> dict[str, Any]:
        body = to_json(data).encode()
        return {"Bucket": self._bucket, "Key": key, "Body": body, "ContentType": "application/json"}

    def _failure(self, deed: str, key: str, error: Exception) -> SessionException:
        return SessionException(f"could not {deed} 's3://{self._bucket}/{key}': {error}")


def _code(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
