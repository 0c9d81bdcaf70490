"""Artifacts in a bucket of S3."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from strands_cli import outputs
from strands_cli.errors import ArtifactError
from strands_cli.loader.artifact_paths import relative

_ABSENT = ("NoSuchKey", "404", "NotFound")
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_FORBIDDEN = ("AccessDenied", "403", "Forbidden")
_DIGEST = "sha256"
"""What an object's metadata call the digest of its content."""


class S3Sink:
    """The objects of a bucket below a prefix; see `outputs.Sink`.

    Region, endpoint and credentials are those that boto3 finds: its environment variables and files.

    Args:
        url: `s3://BUCKET/PREFIX`.

    Raises:
        ArtifactError: It is another URL.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise ArtifactError(
                f"artifacts cannot go to {url!r}",
                hint="Name a directory, or a bucket: s3://BUCKET or s3://BUCKET/PREFIX.",
            )
        self.place: str = url.rstrip("/")
        self._bucket = parts.netloc
        self._prefix = parts.path.strip("/")

    def target(self, path: str) -> str:
        return f"s3://{self._bucket}/{self._key(path)}"

    def digest_at(self, path: str) -> str | None:
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._key(path))
            told = found.get("Metadata", {}).get(_DIGEST)
            return str(told) if told else self._read_digest(path)
        except Exception as error:
            if _code(error) in _ABSENT:
                return None
            raise self._refused(path, error) from error

    def write(self, files: Sequence[outputs.File], *, overwrite: bool) -> list[str]:
        """Put each file, unless it is there already, as after a kill; one that came meanwhile is not replaced."""
        for file in files:
            there = self.digest_at(file.path)
            if there != file.digest:
                self._put(file, only_new=there is None and not overwrite)
        return [file.target for file in files]

    def _put(self, file: outputs.File, *, only_new: bool) -> None:
        condition = {"IfNoneMatch": "*"} if only_new else {}
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key(file.path),
                Body=file.content,
                Metadata={_DIGEST: file.digest},
                **condition,
            )
        except Exception as error:
            if _code(error) not in _TAKEN:
                raise self._refused(file.path, error) from error
            if self.digest_at(file.path) != file.digest:
                raise outputs.exists(file.path) from error

    @cached_property
    def _client(self) -> Any:
        import boto3

        try:
            return boto3.client("s3")
        except Exception as error:  # no region, a profile that is not there
            raise self._refused("", error) from error

    def _read_digest(self, path: str) -> str:
        found = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
        return hashlib.sha256(found["Body"].read()).hexdigest()

    def _key(self, path: str) -> str:
        below = relative(path)
        if below is None:
            raise ArtifactError(
                f"artifact path {path!r} is not a path below {self.place}", hint="Use a relative path without '..'."
            )
        return f"{self._prefix}/{below}" if self._prefix else str(below)

    def _refused(self, path: str, error: Exception) -> ArtifactError:
        hint = "Check the bucket and the AWS credentials"
        if _code(error) in _FORBIDDEN:
            below = f"{self._bucket}/{self._prefix}/*" if self._prefix else f"{self._bucket}/*"
            hint = (
                f"Grant s3:GetObject and s3:PutObject on arn:aws:s3:::{below}, and s3:ListBucket on "
                f"arn:aws:s3:::{self._bucket}, without which S3 does not say that an object is missing"
            )
        return ArtifactError(
            f"artifact {f'{self.place}/{path}' if path else self.place!r} could not be written: {error}",
            hint=f"{hint}, or choose another place with --out, then resume: no step runs again.",
        )


def _code(error: Exception) -> str:
    """Return what the service calls an error; "" for one that is not the service's."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
