"""The values of a workflow's variables, as a command line gives them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands._regular import input_text
from strands_cli.errors import InputError

if TYPE_CHECKING:
    from strands_cli.spec import Parameter, Spec

_FILE_LIMIT = 10_000_000


def gather(spec: Spec, texts: Sequence[str], file: str | None, *, ask: bool = False) -> dict[str, Any]:
    """Return the variables of a run.

    Args:
        spec: The workflow; its `inputs` say what each text means.
        texts: `name=value`; `@path` as the value reads a file, `@-` standard input, `@@` writes an `@`.
        file: A YAML or JSON file of variables; `texts` win over it.
        ask: Whether to ask a person for what is required and missing.

    Raises:
        InputError: A text is malformed, a file cannot be read, a value does not fit.
    """
    from strands_cli.loader.inputs import coerce_text, unknown

    values = _from_file(file) if file else {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError(f"--var {text!r} is not NAME=VALUE", hint="Write it as --var topic=birds.")
        problem = unknown(spec, name.strip())
        if problem:
            raise InputError(problem)
        values[name.strip()] = coerce_text(spec, name.strip(), _content(name.strip(), value))
    return _asked(spec, values) if ask else values


def _content(name: str, value: str) -> str:
    if value.startswith("@@"):
        return value[1:]
    if not value.startswith("@"):
        return value
    if value == "@-":
        return sys.stdin.read()
    return _read(value[1:], f"variable {name!r}")


def _read(path: str, what: str) -> str:
    try:
        file = Path(path).expanduser()
        if file.stat().st_size > _FILE_LIMIT:
            raise InputError(f"{what}: {path!r} is larger than {_FILE_LIMIT:,} bytes", hint="Give a smaller file.")
        return input_text(file)
    except OSError as error:
        raise InputError(f"{what}: cannot read {path!r}: {error.strerror}", hint="Check the path.") from None
    except (UnicodeDecodeError, ValueError):
        raise InputError(f"{what}: {path!r} is not a UTF-8 text file", hint="Give a text file.") from None


def _from_file(path: str) -> dict[str, Any]:
    text = _read(path, "--vars")
    if path.lower().endswith(".json"):
        from strands_cli.loader.json_reader import read_json as read
    else:
        from strands_cli.loader.yaml_reader import read_yaml as read

        if all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()):
            return {}
    data, _ = read(text, path)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InputError(f"--vars {path!r} is not a mapping of names to values", hint="Write one `name: value` a line.")
    return data


def _asked(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    from strands_cli.loader.inputs import missing_inputs

    wanted = missing_inputs(spec, values)
    if not wanted:
        return dict(values)
    from strands_cli.cli.running import run_until_signal
    from strands_cli.terminal import AnswerLater
    from strands_cli.terminal.prompt import ask_value

    async def each() -> dict[str, Any]:
        return {name: await ask_value(name, _schema(parameter)) for name, parameter in wanted.items()}

    try:
        return {**values, **run_until_signal(each())}
    except AnswerLater:
        raise InputError(
            f"missing: {', '.join(map(repr, wanted))}", hint="Give each with --var NAME=VALUE; nothing was run."
        ) from None


def _schema(parameter: Parameter | None) -> dict[str, Any]:
    if parameter is None:
        return {"type": "string"}
    schema: dict[str, Any] = {"type": parameter.type}
    if parameter.enum:
        schema["enum"] = parameter.enum
    if parameter.description:
        schema["description"] = parameter.description
    return schema
