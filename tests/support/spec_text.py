"""Short specs as text, and what is wrong with them."""

from __future__ import annotations

from textwrap import dedent, indent

from strands_cli.loader import load_text
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.spec import Spec

HEAD = """\
version: 0
name: demo
runtime: {provider: openai, model_id: m}
"""


def chain(steps: str = "- {agent: a, input: hi}", agents: str = "a: {prompt: p}", more: str = "") -> str:
    """Return a chain spec; `steps` and `agents` are YAML, `more` comes before them."""
    return (
        f"{HEAD}{dedent(more)}agents:\n{indent(dedent(agents).strip(), '  ')}\n"
        f"pattern:\n  type: chain\n  config:\n    steps:\n{indent(dedent(steps).strip(), '      ')}\n"
    )


def pattern(type_: str, config: str, agents: str = "a: {prompt: p}", more: str = "") -> str:
    """Return a spec of any pattern; `config` is YAML."""
    return (
        f"{HEAD}{dedent(more)}agents:\n{indent(dedent(agents).strip(), '  ')}\n"
        f"pattern:\n  type: {type_}\n  config:\n{indent(dedent(config).strip(), '    ')}\n"
    )


def load(text: str, *, tools: tuple[str, ...] = ()) -> Spec:
    """Load a text as if it stood in spec.yaml."""
    return load_text(text, source="spec.yaml", tools=tools)


def faults(text: str, *, tools: tuple[str, ...] = ()) -> list[str]:
    """Return everything that is wrong with a text, as it is told; [] when it is a spec."""
    try:
        load(text, tools=tools)
    except SchemaValidationError as error:
        return [str(problem) for problem in error.problems]
    return []
