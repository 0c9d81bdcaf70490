"""What a run would refuse although its file is well-formed: variables, tools, skills and secrets that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from strands_cli.errors import StrandsError
from strands_cli.loader import inputs
from strands_cli.loader.check_tools import GROUPS
from strands_cli.loader.finding import Finding
from strands_cli.loader.parts import parts
from strands_cli.loader.walk import Path
from strands_cli.schema.problems import Problem, pointer
from strands_cli.spec.roles import TOOL, TOOL_IDS

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec


def preflight(spec: Spec) -> Iterator[Finding]:
    """Yield what would stop a run of the spec here; what only this machine lacks is a warning.

    Modules that the spec names are imported, as a run would do.
    """
    yield from _variables(spec)
    yield from _tools(spec)
    yield from _skills(spec)
    yield from _secrets(spec)
    for path, inner in spec.within().items() if spec.workflows else ():
        for each in preflight(inner):
            yield each._replace(path=("workflows", path, *each.path))


def check_skills(spec: Spec) -> None:
    """Check that the skills of a spec are there.

    Raises:
        SchemaValidationError: One is not.
    """
    problems = [located(spec, each) for each in _skills(spec)]
    if problems:
        from strands_cli.schema.validator import SchemaValidationError

        raise SchemaValidationError(problems)


def located(spec: Spec, finding: Finding) -> Problem:
    """Return a finding with its place in the spec's file."""
    if finding.path[:1] == ("workflows",) and len(finding.path) > 1:
        return located(spec.within()[str(finding.path[1])], finding._replace(path=finding.path[2:]))
    if spec._places is None:
        return Problem(finding.message, pointer(finding.path), hint=finding.hint)
    problem: Problem = spec._places.problem(finding.path, finding.message, hint=finding.hint, key=finding.key)
    return problem


def _variables(spec: Spec) -> Iterator[Finding]:
    names = inputs.undeclared(spec)
    known = {**inputs.declared(spec), **spec.inputs.values} if names else {}
    for name, path in names.items():
        cause = f"variable {name!r} is not declared under 'inputs'{inputs.elsewhere(name, spec, known)}"
        hint = f"Declare it: inputs: {{required: {{{name}: string}}}}, or correct the name"
        yield Finding(path, cause, hint + "; {% raw %} is for braces that mean themselves.")


def _tools(spec: Spec) -> Iterator[Finding]:
    from strands_cli.toolbox import problem_of

    seen: set[str] = set()
    for path, reference in _named_tools(spec):
        if reference in seen:
            continue
        seen.add(reference)
        problem = problem_of(spec, reference)
        if problem is not None:
            yield Finding(path, problem.message, problem.hint)
    guardrails = spec.security.guardrails if spec.security is not None else None
    allowed = guardrails.allow_tools if guardrails is not None else None
    if allowed is not None:
        yield from _dropped(spec, allowed)


def _dropped(spec: Spec, allowed: list[str]) -> Iterator[Finding]:
    from strands_cli.toolbox import short_name

    known = {*allowed, *map(short_name, allowed)}
    several = {*GROUPS, *(server.id for server in (spec.tools.mcp if spec.tools is not None else ()))}
    for id, agent in spec.agents.items():
        for index, name in enumerate(agent.tools or ()):
            spelt = (name, short_name(name))
            if name not in several and not any(fnmatchcase(each, glob) for each in spelt for glob in known):
                cause = f"agent {id!r} lists tool {name!r}, which security.guardrails.allow_tools does not allow"
                yield Finding(("agents", id, "tools", index), cause, "It will not get it.", warning=True)


def _named_tools(spec: Spec) -> Iterator[tuple[Path, str]]:
    for index, declared in enumerate(spec.tools.python if spec.tools is not None else ()):
        reference = declared if isinstance(declared, str) else declared.callable
        yield ("tools", "python", index), reference
    for id, agent in spec.agents.items():
        for index, name in enumerate(agent.tools or ()):
            yield ("agents", id, "tools", index), name
    for part in parts(spec.to_dict()):
        for path, names in part.marked(TOOL_IDS):
            for index, name in enumerate(names or ()):
                yield (*path, index), name
        yield from part.marked(TOOL)


def _skills(spec: Spec) -> Iterator[Finding]:
    from strands_cli.resources.skills import problem_of

    for index, skill in enumerate(spec.skills):
        problem = problem_of(spec, skill)
        if problem:
            yield Finding(("skills", index, "path"), problem, f"A skill is a directory with a {'SKILL.md'!r}.")


def _secrets(spec: Spec) -> Iterator[Finding]:
    from strands_cli.resources.secrets import Secrets, name_of

    secrets = Secrets.of(spec)
    declared = spec.env.secrets if spec.env is not None else []
    names = {name_of(secret) for secret in declared}
    for index, secret in enumerate(declared):
        if secret.source not in ("env", "file"):
            continue
        try:
            secrets.value(name_of(secret))
        except StrandsError as error:
            yield Finding(("env", "secrets", index), error.message, error.hint, warning=True)
    for path, text in _expanded(spec):
        for name in Secrets.references(text):
            if name not in names:
                cause = f"the secret {name!r} is not declared under 'env.secrets'"
                yield Finding(path, cause, f"Declare it: env: {{secrets: [{{name: {name}, source: env}}]}}.")


def _expanded(spec: Spec) -> Iterator[tuple[Path, str]]:
    """Yield the texts in which ${NAME} is replaced by a secret."""
    if spec.tools is None:
        return
    places: list[tuple[Path, Any]] = []
    for index, executor in enumerate(spec.tools.http_executors):
        places.append((("tools", "http_executors", index, "headers"), executor.headers))
    for index, server in enumerate(spec.tools.mcp):
        for key in ("env", "headers"):
            places.append((("tools", "mcp", index, key), getattr(server, key, None)))
    for path, texts in places:
        for name, text in (texts or {}).items():
            yield (*path, name), str(text)
