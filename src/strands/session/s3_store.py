"""Objects in an S3 bucket: read, written on conditions, listed, and dated by the store's own clock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from strands.types.exceptions import SessionException

from .json_text import from_json, to_json

if TYPE_CHECKING:
    from concurrent.futures import Future

logger: logging.Logger = logging.getLogger(__name__)

_ABSENT = {"NoSuchKey", "404", "NotFound"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_AT_ONCE = 10  # as many connections as a client of boto3 keeps
"""How many requests are under way at the same time."""

_T = TypeVar("_T")
_R = TypeVar("_R")


class Held(NamedTuple):
    """What an object holds.

    Attributes:
        content: Its bytes.
        version: What `put` wants to hear to replace it.
    """

    content: bytes
    version: str


class Listed(NamedTuple):
    """An object in a listing.

    Attributes:
        key: Its key.
        size: Its size in bytes.
    """

    key: str
    size: int


class S3Store:
    """Reads and writes objects of `bucket` through the boto3 `client`.

    Every method raises `SessionException`, naming the object, when the service refuses.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._conditional = True

    def name(self, key: str) -> str:
        """Return what an object is called in messages."""
        return f"s3://{self._bucket}/{key}"

    def fetch(self, key: str) -> Held | None:
        """Return what an object holds, or None when there is none."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
            return Held(found["Body"].read(), str(found.get("ETag", "")))
        except Exception as error:
            if _code(error) in _ABSENT:
                return None
            raise self._failure("read", key, error) from error

    def version(self, key: str) -> str:
        """Return the version of an object; "" when there is none."""
        found = self._head(key)
        return "" if found is None else str(found.get("ETag", ""))

    def age(self, key: str) -> float | None:
        """Return the seconds since an object was written, by the store's clock; None when there is none."""
        found = self._head(key)
        return None if found is None else _age(found)

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.head_object(Bucket=self._bucket, Key=key)
            return found
        except Exception as error:
            if _code(error) in _ABSENT:
                return None
            raise self._failure("read", key, error) from error

    def read(self, key: str) -> dict[str, Any] | None:
        """Return an object, or None when there is none or it is not JSON."""
        return self.read_version(key)[0]

    def read_version(self, key: str) -> tuple[dict[str, Any] | None, str]:
        """Return an object as `read` does, and its version for `replace`; "" when there is none."""
        found = self.fetch(key)
        return (None, "") if found is None else (self._parsed(key, found.content), found.version)

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
        return self.all(self.read, keys)

    def all(self, do: Callable[[_T], _R], of: Sequence[_T]) -> list[_R]:
        """Do something with each of several, at the same time; return what came of it in their order."""
        if len(of) < 2:
            return [do(each) for each in of]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(_AT_ONCE, len(of))) as pool:
            try:
                begun = [pool.submit(do, each) for each in of]
            except RuntimeError:  # the interpreter ends, or there is no thread
                begun = []
            if begun:
                return [each.result() for each in begun]
        return [do(each) for each in of]

    def start(self, do: Callable[[], _R]) -> Future[_R]:
        """Do something meanwhile."""
        from concurrent.futures import Future, ThreadPoolExecutor

        pool = ThreadPoolExecutor(1)
        try:
            return pool.submit(do)
        except RuntimeError:  # the interpreter ends, or there is no thread
            done: Future[_R] = Future()
            done.set_result(do())
            return done
        finally:
            pool.shutdown(wait=False)

    def exists(self, key: str) -> bool:
        """Return whether there is an object."""
        return self._head(key) is not None

    def write(self, key: str, data: dict[str, Any]) -> None:
        """Make an object hold `data`."""
        self.write_bytes(key, to_json(data).encode())

    def write_bytes(self, key: str, content: bytes) -> None:
        """Make an object hold `content`."""
        try:
            self._client.put_object(**self._put(key, content))
        except Exception as error:
            raise self._failure("write", key, error) from error

    def create(self, key: str, data: dict[str, Any]) -> bool:
        """Make an object that is not there yet; return False, and leave it alone, when it is."""
        return self.replace(key, data, "") is not None

    def replace(self, key: str, data: dict[str, Any], version: str) -> str | None:
        """Make an object hold `data` as `put` does."""
        return self.put(key, to_json(data).encode(), version)

    def put(self, key: str, content: bytes, version: str) -> str | None:
        """Make an object hold `content` if its version is `version` ("": if there is none), and return the new version.

        Returns None, and leaves the object alone, when it is another one by now. What is written twice is one version:
        who must tell writers apart writes something of his own into it.
        """
        if not self._conditional:
            return self._put_checked(key, content, version)
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        try:
            return str(self._client.put_object(**self._put(key, content), **condition).get("ETag", ""))
        except Exception as error:
            if _code(error) in _TAKEN or (version and _code(error) in _ABSENT):
                return None
            if _code(error) != "NotImplemented":
                raise self._failure("write", key, error) from error
            logger.warning("the store of bucket %r has no conditional writes: keep one writer a session", self._bucket)
            self._conditional = False
            return self._put_checked(key, content, version)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with `prefix`."""
        return [each.key for each in self.listing(prefix)]

    def listing(self, prefix: str) -> list[Listed]:
        """Return the objects whose keys begin with `prefix`, in the order of their keys."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return [Listed(item["Key"], item["Size"]) for page in pages for item in page.get("Contents", [])]
        except Exception as error:
            raise self._failure("list", prefix, error) from error

    def copy_aside(self, key: str) -> str:
        """Keep what an object holds beside it; return the key of the copy."""
        known = set(self.keys(f"{key}.damaged-"))
        number = 1
        while f"{key}.damaged-{number}" in known:
            number += 1
        found = self.fetch(key)
        if found is not None:
            self.write_bytes(f"{key}.damaged-{number}", found.content)
        return f"{key}.damaged-{number}"

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        for start in range(0, len(keys), 1000):
            objects = [{"Key": key} for key in keys[start : start + 1000]]
            try:
                told = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            except Exception as error:
                raise self._failure("delete", keys[start], error) from error
            for refused in told.get("Errors", ()):
                why = f"{refused.get('Code', '')} {refused.get('Message', '')}".strip()
                raise SessionException(f"could not delete {self.name(refused.get('Key', keys[start]))!r}: {why}")

    def delete_unneeded(self, keys: Sequence[str]) -> None:
        """Remove objects that nobody reads any more; what cannot be removed is only in the way."""
        try:
            self.delete(keys)
        except SessionException as error:
            logger.warning("%s. Nobody reads it any more; remove it", error)

    def _put_checked(self, key: str, content: bytes, version: str) -> str | None:
        there = self.fetch(key)
        if version != (there.version if there is not None else ""):
            return None
        self.write_bytes(key, content)
        written = self.fetch(key)
        return written.version if written is not None else ""

    def _put(self, key: str, content: bytes) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": key, "Body": content, "ContentType": "application/json"}

    def _failure(self, deed: str, key: str, error: Exception) -> SessionException:
        why = str(error)
        if "Invalid bucket name" in why:  # the client goes on with the regular expressions of names
            why = f"{self._bucket!r} is not the name of a bucket (letters, digits, '.', '-', '_') or of an access point"
        return SessionException(f"could not {deed} 's3://{self._bucket}/{key}': {why}")


def _code(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _age(response: dict[str, Any]) -> float:
    """Return how long before a response its object was written: both moments are the store's."""
    told = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    now = parsedate_to_datetime(told) if told else datetime.now(timezone.utc)  # a store always tells its time
    return float((now - response["LastModified"]).total_seconds())
