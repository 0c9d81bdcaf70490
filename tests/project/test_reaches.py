"""Who touches what is another's, and which files cannot be understood one at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
AGENT = [SRC / "strands" / "agent" / "agent.py", SRC / "strands" / "agent" / "lifetime.py"]
ROOMS_OF_AGENT = ("strands/agent/", "strands/_core/")
MOST_REACHES = 78
"""Reaches into the private attributes of others that are left; it may only fall."""
LARGEST_CIRCLE = 3
"""The most files that import each other, type checkers' imports included."""
NAME_THE_AGENT = {
    "strands.agent.conversation_manager.base",
    "strands.hooks.registry",
    "strands.plugins.plugin",
    "strands.session.session_manager",
}
"""Programs inherit from these and write `agent: Agent`, or read `event.agent` as one, so a protocol would not do there.
They name the class for type checkers alone, and these imports do not count."""

DOCUMENTED = {"_replace", "_asdict", "_exit", "_getframe"}
"""Methods of named tuples, and functions of `os` and `sys`, that are documented for everybody."""


def test_nobody_touches_a_private_attribute_of_an_agent() -> None:
    own = {name for path in AGENT for name in own_privates(ast.parse(path.read_text(encoding="utf-8")))}
    assert "_session_manager" in own
    strangers = [path for path in files() if not relative(path).startswith(ROOMS_OF_AGENT)]
    found = [f"{relative(path)}:{node.lineno} {ast.unparse(node)}" for path in strangers for node in reaches(path)]
    assert [reach for reach in found if reach.rpartition(".")[2] in own and "agent." in reach] == []


def test_reaches_into_the_privates_of_others_become_fewer() -> None:
    found = [f"{relative(path)}:{node.lineno} {ast.unparse(node)}" for path in files() for node in reaches(path)]
    assert len(found) <= MOST_REACHES, "\n".join(found)


def test_import_circles_stay_small() -> None:
    known = modules()
    graph = {module: imports(path, known) - {module} for module, path in known.items()}
    for module in NAME_THE_AGENT:
        graph[module].remove("strands.agent.agent")
    larger = [circle for circle in circles(graph) if len(circle) > LARGEST_CIRCLE]
    assert larger == [], "\n".join(" ".join(sorted(circle)) for circle in larger)


@pytest.mark.parametrize("module", sorted(NAME_THE_AGENT))
def test_those_that_name_the_agent_import_it_for_type_checkers_alone(module: str) -> None:
    path = modules()[module]
    runtime = [node for node in runtime_nodes(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    assert "strands.agent.agent" not in {node.module for node in runtime}


def files() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def reaches(path: Path) -> Iterator[ast.Attribute]:
    """Yield each use of a private attribute of something that no class of the same file has."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = own_privates(tree)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and is_private(node.attr)
            and node.attr not in own
            and not is_self(node.value)
        ):
            yield node


def own_privates(tree: ast.AST) -> set[str]:
    """Return the private names that the classes of a file have."""
    found: set[str] = set()
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for node in ast.walk(owner):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
                found.add(node.attr)
    return {name for name in found if is_private(name)}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED


def is_self(node: ast.expr) -> bool:
    return ast.unparse(node) in ("self", "cls", "super()")


def modules() -> dict[str, Path]:
    return {relative(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in files()}


def runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            yield node
            yield from runtime_nodes(node)


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """Return the modules that a file imports anywhere, also only for type checkers."""
    package = path.relative_to(SRC).parent.parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= (names & known.keys()) or {base}
            if not names <= known.keys():
                found.add(base)
    return found & known.keys()


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Return the groups of modules of which each reaches each other."""
    reached = {module: everything_from(module, graph) for module in graph}
    found: list[set[str]] = []
    for module in graph:
        circle = {other for other in reached[module] if module in reached[other]}
        if len(circle) > 1 and circle not in found:
            found.append(circle)
    return found


def everything_from(module: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(graph[module])
    while ahead:
        each = ahead.pop()
        if each not in found:
            found.add(each)
            ahead += graph[each]
    return found
