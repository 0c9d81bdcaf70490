"""The sandbox in which Jinja templates run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from strands_cli.errors import TemplateError

_environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)


@lru_cache(maxsize=1024)
def _template(source: str) -> jinja2.Template:
    try:
        return _environment.from_string(source)
    except jinja2.TemplateError as error:
        raise TemplateError(f"malformed template: {error}") from None


def render_jinja(source: str, names: Mapping[str, object]) -> str:
    try:
        return _template(source).render(names)
    except jinja2.TemplateError as error:
        raise TemplateError(str(error)) from None


def evaluate_jinja(source: str, names: Mapping[str, object]) -> bool:
    text = source.strip()
    if text.startswith("{{") and text.endswith("}}"):
        text = text[2:-2]
    try:
        return bool(_environment.compile_expression(text, undefined_to_none=False)(**names))
    except jinja2.TemplateError as error:
        raise TemplateError(str(error)) from None


def check_jinja(source: str) -> None:
    _template(source)


def check_jinja_expression(source: str) -> None:
    evaluate_jinja
