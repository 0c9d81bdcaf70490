"""Secrets: read when they are needed, put into headers and nowhere else, and scrubbed from whatever else is kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError

if TYPE_CHECKING:
    from strands_cli.equipment.spellings import Spellings
    from strands_cli.spec.env import Secret
    from strands_cli.spec.root import Spec

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)\}")


class SecretError(ExecutionError):
    """A secret cannot be read, or is not declared."""


class Vault:
    """The secrets of one run, by name.

    Args:
        secrets: What the spec declares.
        base_dir: What the paths of secrets in files are relative to.
    """

    def __init__(self, secrets: list[Secret], base_dir: Path) -> None:
        self._secrets = {name_of(secret): secret for secret in secrets}
        self._base_dir = base_dir
        self._known: dict[str, str] = {}
        self._looked = False
        self._spellings: Spellings | None = None

    @classmethod
    def of(cls, spec: Spec) -> Vault:
        """Return the vault of a spec."""
        if spec.env is None or not spec.env.secrets:
            return cls([], Path())
        return cls(spec.env.secrets, spec._base_dir or Path.cwd())

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def value(self, name: str) -> str:
        """Return a secret.

        Raises:
            SecretError: It is not declared, or its source does not have it.
        """
        if name not in self._known:
            secret = self._secrets.get(name)
            if secret is None:
                declared = ", ".join(self._secrets) or "none"
                raise SecretError(
                    f"the secret {name!r} is not declared; declared: {declared}",
                    hint=f"Declare it: env.secrets: [{{name: {name}, source: env}}].",
                )
            self._known[name] = _read(name, secret, self._base_dir)
            self._spellings = None
        return self._known[name]

    def expand(self, text: str) -> str:
        """Return text with every ${NAME} replaced by its secret; what a secret holds is not looked at again.

        Raises:
            SecretError: As for `value`.
        """
        return _REFERENCE.sub(lambda found: self.value(found[1]), text)

    @staticmethod
    def references(text: str) -> list[str]:
        """Return the names of the secrets that a text refers to."""
        return [found[1] for found in _REFERENCE.finditer(text)]

    def expanded(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Return a mapping with its values expanded."""
        return {name: self.expand(text) for name, text in texts.items()}

    def check(self, spec: Spec) -> None:
        """Read every secret that the HTTP tools of the agents will need: better now than in the middle.

        Raises:
            SecretError: As for `value`.
        """
        executors = spec.tools.http_executors if spec.tools is not None else []
        if not executors:
            return
        listed = {id_ for agent in spec.agents.values() for id_ in agent.tools or ()}
        everybody = any(agent.tools is None for agent in spec.agents.values())
        for executor in executors:
            if everybody or executor.id in listed:
                self.expanded(executor.headers)

    def scrub(self, value: Any) -> Any:
        """Return plain data with every secret in it replaced, however it is spelled; see `Spellings`."""
        spellings = self.spellings()
        return spellings.scrubbed_data(value) if spellings else value

    def scrub_error(self, error: BaseException | None) -> None:
        """Take the secrets out of what an error says, and out of what it was caused by."""
        if not self._secrets:
            return
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            error.args = tuple(self.scrub(list(error.args)))
            for name in ("message", "hint"):
                if isinstance(getattr(error, name, None), str):
                    setattr(error, name, self.scrub(getattr(error, name)))
            error = error.__cause__ or error.__context__

    def spellings(self) -> Spellings | None:
        """Return what finds the secrets that are known by now; None when there are none."""
        if not self._secrets:
            return None
        self._look()
        if self._spellings is None:
            from strands_cli.equipment.spellings import Spellings

            self._spellings = Spellings(self._known)
        return self._spellings or None

    def _look(self) -> None:
        """Learn the secrets that cost nothing to read: a tool may come upon one that no header has used yet."""
        if self._looked:
            return
        self._looked = True
        for name, secret in self._secrets.items():
            if name not in self._known and secret.source in ("env", "file"):
                try:
                    self._known[name] = _read(name, secret, self._base_dir)
                except SecretError:
                    continue


def name_of(secret: Secret) -> str:
    """Return what ${...} calls a secret."""
    return secret.name or secret.key or ""


def _read(name: str, secret: Secret, base_dir: Path) -> str:
    if secret.source == "env":
        key = secret.key or name
        if not os.environ.get(key):
            raise SecretError(
                f"the secret {name!r} is not set: there is no environment variable {key!r}",
                hint=f"Set it: export {key}=...",
            )
        return os.environ[key]
    if secret.source == "file":
        return _from_file(name, base_dir / Path(secret.path or "").expanduser())
    return _from_aws(name, secret)


def _from_file(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SecretError(
            f"the secret {name!r} cannot be read from {str(path)!r}: {cause}", hint="Check env.secrets[].path."
        ) from None
    if not text:
        raise SecretError(f"the secret {name!r} is empty: {str(path)!r}", hint="Write the value into the file.")
    return text


def _from_aws(name: str, secret: Secret) -> str:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    place = secret.path or secret.key or name
    try:
        if secret.source == "ssm":
            client: Any = boto3.client("ssm", region_name=secret.region)
            return str(client.get_parameter(Name=place, WithDecryption=True)["Parameter"]["Value"])
        client = boto3.client("secretsmanager", region_name=secret.region)
        found = client.get_secret_value(SecretId=place)
    except (BotoCoreError, ClientError) as error:
        raise SecretError(
            f"the secret {name!r} cannot be read from {secret.source} as {place!r}: {error}",
            hint="Check its name, the region and the AWS credentials.",
        ) from None
    text = found["SecretString"] if "SecretString" in found else found["SecretBinary"].decode("utf-8")
    return _field(name, str(text), secret)


def _field(name: str, text: str, secret: Secret) -> str:
    """A secret of AWS is often a JSON object; `key` beside `path` names its field."""
    if not (secret.key and secret.path):
        return text
    try:
        fields = json.loads(text)
    except ValueError:
        return text
    if not isinstance(fields, dict):
        return text
    if secret.key not in fields:
        raise SecretError(
            f"the secret {name!r} has no field {secret.key!r} in {secret.path!r}",
            hint=f"It has: {', '.join(map(str, fields))}.",
        )
    return str(fields[secret.key])
