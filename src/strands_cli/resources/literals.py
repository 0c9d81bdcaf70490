"""Secrets that a spec holds literally: a session records ${NAME} for them; the file or the environment has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from strands_cli.errors import StrandsError, TemplateError
from strands_cli.loader.words import words

if TYPE_CHECKING:
    from strands_cli.resources.secrets import Secrets
    from strands_cli.spec.root import Spec

_SECRETS = words(
    "token secret password passwd passphrase pwd cookie credential credentials apikey authorization auth key signature"
)
_ENDINGS = ("token", "secret", "password", "apikey")
_OTHERS = words(
    "id type mode url uri method name file path header scheme endpoint host ttl timeout expiry limit region issuer "
    "audience provider"
)
"""What a name is of that ends so, whatever comes before."""
_OPEN_KEYS = words("public cache sort primary partition foreign idempotency group host")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SCHEME = re.compile(r"((?:Bearer|Basic|Token|Digest|ApiKey|Api-Key|Key|Negotiate)\s+)(.+)", re.I | re.S)
_OPTION = re.compile(r"(--?[A-Za-z][\w-]*[= ]|[A-Za-z][\w-]*[=:]\s*)(.+)", re.S)
_QUERY = re.compile(r"([?&]([^=&#]+)=)([^&#]+)")
_USER = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_TEXTS = words("prompt description authentication_info body json_data params values headers args")
"""Keys below which a spec holds what people wrote, and no name that the engine looks up: beside its pattern's."""


def blotted(spec: Spec) -> Spec:
    """Return a spec in which every secret that stands literally in a secret place is a ${NAME}.

    Secret places are headers, variables, arguments and queries of tools whose name says so, and what an MCP server logs
    in with. The values are kept beside the spec, for its `Secrets`; they are not part of what `to_dict` returns.
    """
    tools = spec.tools
    if spec._literals or tools is None or not (tools.http_executors or tools.mcp):
        return spec
    if spec._blotted is None:
        found = _Literals({each.name or each.key or "" for each in (spec.env.secrets if spec.env is not None else ())})
        data = spec.to_dict()
        found.tools(data["tools"])
        spec._blotted = _with(spec, data, found.values) if found.values else spec
    return spec._blotted


def literals_of(names: Sequence[str], file: str | None, given: Spec | None = None) -> dict[str, str]:
    """Return the values that a session did not record; "" for one that is not found.

    Args:
        names: Their names.
        file: The file that the session began with.
        given: The workflow as this process has it, which is asked first.
    """
    known = dict(blotted(given)._literals) if given is not None else {}
    if file is not None and not set(names) <= known.keys():
        known = {**_in_file(Path(file)), **known}
    return {name: known.get(name, "") for name in names}


def snapshot(data: dict[str, Any], secrets: Secrets) -> dict[str, Any]:
    """Return a spec's plain values for a journal: secrets that people wrote into its texts have their names there."""
    spellings = secrets.spellings()
    if not spellings:
        return data
    from strands_cli.loader.parts import template_keys
    from strands_cli.loader.walk import pattern_of

    keys = _TEXTS.union(*(template_keys(pattern_of(each)) for each in _documents(data)))
    found: dict[str, Any] = _texts_scrubbed(data, spellings.scrubbed, keys, inside=False)
    return found


def _in_file(file: Path) -> dict[str, str]:
    from strands_cli.loader import load_file

    try:
        return blotted(load_file(file, tools=None))._literals if file.is_file() else {}
    except (StrandsError, OSError):
        return {}  # a file that cannot be read has no value, and the value that is missing is told by its name


def _with(spec: Spec, data: dict[str, Any], values: dict[str, str]) -> Spec:
    found = type(spec).model_validate(data)
    for name in ("_base_dir", "_unpacked", "_source", "_warnings", "_places"):
        setattr(found, name, getattr(spec, name))
    found._literals = values
    return found


def _texts_scrubbed(value: Any, scrub: Callable[[str], str], keys: frozenset[str], *, inside: bool) -> Any:
    if isinstance(value, str):
        return _text_scrubbed(value, scrub) if inside else value
    if isinstance(value, Mapping):
        return {
            key: _texts_scrubbed(item, scrub, keys, inside=inside or key in keys or _is_text(key, value))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_texts_scrubbed(item, scrub, keys, inside=inside) for item in value]
    return value


def _is_text(key: str, owner: Mapping[str, Any]) -> bool:
    """Whether a key that means two things means text here: the body of an artifact, the variables of a server."""
    return (key == "from" and "path" in owner) or (key == "env" and "command" in owner)


def _text_scrubbed(text: str, scrub: Callable[[str], str]) -> str:
    found = scrub(text)
    if found == text or "{" not in text:
        return found
    from strands_cli.loader.template import check

    try:
        check(found)
    except TemplateError:
        return text  # the secret is a word of the template's own language
    return found


def _documents(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a document, and those of the workflows that its steps run."""
    yield data
    for each in (data.get("workflows") or {}).values():
        yield from _documents(each)


class _Literals:
    """Takes literal secrets out of the tools of a spec.

    Args:
        taken: Names of declared secrets.
    """

    def __init__(self, taken: set[str]) -> None:
        self.values: dict[str, str] = {}
        self._taken = taken

    def tools(self, tools: Mapping[str, Any]) -> None:
        for executor in tools.get("http_executors", ()):
            self._named(executor["id"], executor.get("headers"))
            for call in (*executor.get("examples", ()), *executor.get("common_endpoints", ())):
                self._named(executor["id"], call.get("headers"))
        for server in tools.get("mcp", ()):
            id = server["id"]
            self._named(id, server.get("headers"))
            self._named(id, server.get("env"), own=True)
            if server.get("auth"):
                server["auth"]["client_secret"] = self._reference(
                    f"{id}_client_secret", server["auth"]["client_secret"]
                )
            if server.get("args"):
                server["args"] = self._arguments(id, server["args"])
            if server.get("url"):
                server["url"] = self._url(id, server["url"])

    def _named(self, id: str, values: dict[str, str] | None, *, own: bool = False) -> None:
        """`own`: the names are those of variables, and may be names of secrets as they are."""
        for name, text in list((values or {}).items()):
            if _is_secret(name):
                scheme = _SCHEME.fullmatch(text)
                before, secret = scheme.groups() if scheme else ("", text)
                text = before + self._reference(name if own else f"{id}_{name}", secret)
            else:
                text = self._url(id, text)
            if values is not None:
                values[name] = text

    def _arguments(self, id: str, arguments: list[str]) -> list[str]:
        found, name = [], ""
        for argument in arguments:
            option = _OPTION.fullmatch(argument)
            if name:
                argument, name = self._reference(f"{id}_{name}", argument), ""
            elif option is not None and _is_secret(option[1]):
                scheme = _SCHEME.fullmatch(option[2])
                before, secret = scheme.groups() if scheme else ("", option[2])
                argument = option[1] + before + self._reference(f"{id}_{option[1]}", secret)
            elif argument.startswith("-") and option is None and _is_secret(argument):
                name = argument
            else:
                argument = self._url(id, argument)
            found.append(argument)
        return found

    def _url(self, id: str, text: str) -> str:
        if "://" not in text:
            return text
        text = _USER.sub(lambda user: self._reference(f"{id}_login", user[0]), text)
        return _QUERY.sub(
            lambda pair: (
                pair[1] + self._reference(f"{id}_{pair[2]}", pair[3]) if _is_secret(unquote(pair[2])) else pair[0]
            ),
            text,
        )

    def _reference(self, name: str, text: str) -> str:
        if not text.strip() or "${" in text or "{{" in text:
            return text
        base = re.sub(r"[\W_]+", "_", name).strip("_")
        base = base if base.isupper() else base.upper()
        base = base if not base[:1].isdigit() else f"_{base}"
        number, free = 1, base
        while free in self._taken or self.values.get(free, text) != text:
            number += 1
            free = f"{base}_{number}"
        self.values[free] = text
        return f"${{{free}}}"


def _is_secret(name: str) -> bool:
    parts = [word.lower() for word in _WORDS.findall(name)]
    if not parts or parts[-1] in _OTHERS or (parts[-1] == "key" and parts[-2:-1] and parts[-2] in _OPEN_KEYS):
        return False
    return any(part in _SECRETS or part.endswith(_ENDINGS) for part in parts)
