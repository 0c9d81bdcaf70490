"""Secrets: read when they are needed, put into headers and nowhere else, and scrubbed from whatever else is kept."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands._regular import input_text
from strands_cli.errors import USAGE, ExecutionError
from strands_cli.loader.parts import called_tools
from strands_cli.spec.within import all_within

if TYPE_CHECKING:
    from strands_cli.resources.spellings import Spellings
    from strands_cli.spec.env import Secret
    from strands_cli.spec.root import Spec

_LEAST_LITERAL = 8
_HERE = Path()
_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)\}")


class SecretError(ExecutionError):
    """A secret cannot be read, or is not declared."""

    exit_code = USAGE


class Secrets:
    """The secrets of one run, by name.

    Args:
        secrets: What the spec declares.
        base_dir: What the paths of secrets in files are relative to.
        literals: Secrets that stand in the spec's file; "" for one that is not known here.
        find: Returns `literals`, where finding them out may not be needed.
    """

    def __init__(
        self,
        secrets: list[Secret],
        base_dir: Path,
        literals: Mapping[str, str] | None = None,
        find: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self._find = find
        self._secrets = {name_of(secret): secret for secret in secrets}
        self._literals = dict(literals or {})
        self._base_dir = base_dir
        self._known: dict[str, str] = {name: text for name, text in self._literals.items() if text}
        self._looked = False
        self._spellings: Spellings | None = None

    @classmethod
    def of(cls, spec: Spec) -> Secrets:
        """Return the secrets of a spec."""
        declared = list(spec.env.secrets) if spec.env is not None else []
        for _, (*_, inner) in all_within(spec) if spec.workflows else ():
            declared += [_placed(each, inner) for each in (inner.env.secrets if inner.env is not None else ())]
        if not (declared or spec._literals):
            return _no_secrets()
        return cls(declared, spec.base_dir or Path.cwd(), spec._literals)

    def __bool__(self) -> bool:
        return bool(self._secrets or self._literals)

    def value(self, name: str) -> str:
        """Return a secret.

        Raises:
            SecretError: It is not declared, or its source does not have it.
        """
        if name not in self._known:
            secret = self._secrets.get(name)
            if name in self._literals:
                self._known[name] = _not_recorded(name)
            elif secret is not None:
                self._known[name] = _read(name, secret, self._base_dir)
            else:
                declared = ", ".join(self._secrets) or "none"
                raise SecretError(
                    f"the secret {name!r} is not declared; declared: {declared}",
                    hint=f"Declare it: env.secrets: [{{name: {name}, source: env}}].",
                )
            self._spellings = None
        return self._known[name]

    def has(self, name: str) -> bool:
        """Whether this is the name of a secret."""
        return name in self._secrets or name in self._literals

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

    async def ready(self, spec: Spec) -> None:
        """Do as `check` does; what takes a network holds nobody up.

        Raises:
            SecretError: As for `value`.
        """
        if all(secret.source in ("env", "file") for secret in self._secrets.values()):
            self.check(spec)
        else:
            await asyncio.to_thread(self.check, spec)

    def check(self, spec: Spec) -> None:
        """Read every secret that the HTTP tools of the agents will need, and those that are kept elsewhere.

        Better now than in the middle; and nothing is written before the values are known that must not be in it.

        Raises:
            SecretError: As for `value`.
        """
        for name, secret in self._secrets.items():
            if secret.source not in ("env", "file"):
                self.value(name)
        executors = spec.tools.http_executors if spec.tools is not None else []
        if not executors:
            return
        listed = {id_ for agent in spec.agents.values() for id_ in agent.tools or ()} | called_tools(spec)
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
        if not self:
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
        if not self:
            return None
        self._look()
        if self._spellings is None:
            from strands_cli.resources.spellings import Spellings

            self._spellings = Spellings({name: text for name, text in self._known.items() if self._is_told_apart(name)})
        return self._spellings or None

    def _is_told_apart(self, name: str) -> bool:
        """Whether a secret is looked for: a short one that nobody declared may be a word like any other."""
        return name not in self._literals or len(self._known[name]) >= _LEAST_LITERAL

    def _look(self) -> None:
        """Learn the secrets that cost nothing to read: a tool may come upon one that no header has used yet."""
        if self._looked:
            return
        self._looked = True
        if self._find is not None:
            self._known.update((name, text) for name, text in self._find().items() if text)
        free = [name for name, secret in self._secrets.items() if secret.source in ("env", "file")]
        for name in (*free, *self._literals):
            try:
                self.value(name)
            except SecretError:
                continue


@cache
def _no_secrets() -> Secrets:
    """Return what all runs share that have none: nothing in it ever changes."""
    return Secrets([], _HERE)


def name_of(secret: Secret) -> str:
    """Return what ${...} calls a secret."""
    return secret.name or secret.key or ""


def _not_recorded(name: str) -> str:
    if not os.environ.get(name):
        raise SecretError(
            f"the secret {name!r} stood in the workflow file, and a session does not keep it",
            hint=f"Resume with the file (strands resume ID --spec FILE), or set it: export {name}=...",
        )
    return os.environ[name]


def _placed(secret: Secret, spec: Spec) -> Secret:
    """Return a secret of a workflow that a step runs: a file of its own is beside that workflow's."""
    if secret.source != "file" or not secret.path:
        return secret
    return secret.model_copy(update={"path": str((spec.base_dir or Path.cwd()) / Path(secret.path).expanduser())})


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
        text = input_text(path).strip()
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
