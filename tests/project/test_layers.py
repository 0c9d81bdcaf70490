"""The layers of the architecture: imports point left only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
LAYERS = [
    {"strands"},
    {"errors", "types", "owner", "forms", "review_words"},
    {"spec", "schema", "capability", "loader"},
    {"kernel"},
    {"plan"},
    {"patterns"},
    {
        "session",
        "agents",
        "step_calls",
        "streamed_text",
        "providers",
        "prices",
        "costs",
        "toolbox",
        "outputs",
        "exec",
        "terminal",
    }
    | {"approvals", "builtin", "resources", "net", "people"},
    {"api"},
    {"atomic", "worker", "audit"},
    {"testing", "pytest_plugin"},
    {"inbox", "callers"},
    {"channels"},
    {"web", "mcp_server", "a2a_server", "integrations"},
    {"cli", "__main__"},
]
RANK = {unit: rank for rank, layer in enumerate(LAYERS) for unit in layer}
FORBIDDEN = {"kernel": LAYERS[2]}
"""What a unit may not import although it stands further left: the kernel knows no spec."""

MODULES = sorted(SRC.rglob("*.py"))
JOURNAL = SRC / "strands" / "journal"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_imports_point_left_only(path: Path) -> None:
    unit = unit_of(".".join(path.relative_to(SRC).with_suffix("").parts))
    assert unit in RANK, f"{unit!r} has no layer yet: give it one in LAYERS"
    for imported in imports(path):
        other = unit_of(imported)
        assert other in RANK, f"{other!r} has no layer yet: give it one in LAYERS"
        assert RANK[other] <= RANK[unit], f"{unit} imports {imported}, which stands further right"
        assert other not in FORBIDDEN.get(unit, set()), f"{unit} imports {imported}"


STRANDS_LAYERS = [
    {"types"},
    {"hooks", "interrupt", "types.agent", "types.events", "types._events", "types.interrupt"},
    {"journal"},
    {"models", "tools", "telemetry", "handlers", "storage", "interventions", "plugins"}
    | {"event_loop.retry", "event_loop.pieces", "types.tools"},
    {"agent", "_core", "event_loop"},
    {"session", "multiagent", "vended_interventions", "vended_plugins", "vended_tools", "experimental"}
    | {"types.session", "types.multiagent"},
]
"""Units of `strands`: a package, or a module that the Strands Agents SDK has in a package further left."""
STRANDS_RANK = {unit: rank for rank, layer in enumerate(STRANDS_LAYERS) for unit in layer}


@pytest.mark.parametrize("path", sorted((SRC / "strands").rglob("*.py")), ids=lambda path: str(path.relative_to(SRC)))
def test_imports_of_strands_point_left_only(path: Path) -> None:
    rank = strands_rank(".".join(path.relative_to(SRC).with_suffix("").parts))
    for imported in strands_imports(path):
        assert strands_rank(imported) <= rank, f"{path.relative_to(SRC)} imports {imported}, which stands further right"


def strands_rank(module: str) -> int:
    """Return the place of a module of strands; small helpers beside the packages may be used by all of them."""
    _, package, *rest = [*module.split("."), ""]
    if package.startswith("_") and package != "_core":
        return 0 if package != "__init__" else len(STRANDS_LAYERS)
    ranks = [STRANDS_RANK.get(unit) for unit in (f"{package}.{rest[0]}", package)]
    found = [rank for rank in ranks if rank is not None]
    assert found, f"{package!r} has no layer yet: give it one in STRANDS_LAYERS"
    return found[0]


def strands_imports(path: Path) -> Iterator[str]:
    """Yield the modules of strands that a file imports, a name of a package as one of its modules where it is one."""
    for module, names in imported_by(path):
        found = [f"{module}.{name}" for name in names] or [module]
        yield from (each for each in found if each.startswith("strands."))


@pytest.mark.parametrize("path", sorted(JOURNAL.rglob("*.py")), ids=lambda path: path.name)
def test_the_journal_knows_neither_agents_nor_workflows(path: Path) -> None:
    for imported in imports(path):
        _, unit = imported.split(".")[:2]
        assert unit in {"journal", "types"} or unit.startswith("_"), f"strands.journal imports {imported}"


def test_strands_names_strands_cli_only_as_lazy_names() -> None:
    named = [path.name for path in SRC.joinpath("strands").rglob("*.py") if "strands_cli" in imported_text(path)]
    assert named in ([], ["__init__.py"])


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of this project that a file imports, those only for type checkers left out."""
    for module, names in imported_by(path):
        found = [f"{module}.{name}" for name in names] if module == "strands_cli" else [module]
        yield from (each for each in found if each.split(".")[0] in {"strands", "strands_cli"})


def imported_by(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each module that a file imports as it runs, and the names that it takes of it."""
    package = path.relative_to(SRC).parent.parts
    for node in runtime_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module, [alias.name for alias in node.names]


def runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from runtime_nodes(node)


def unit_of(module: str) -> str:
    """Return "strands", or the name below strands_cli that a module belongs to."""
    parts = module.split(".")
    if parts[0] == "strands":
        return "strands"
    return parts[1] if len(parts) > 1 and parts[1] != "__init__" else "types"


def imported_text(path: Path) -> str:
    """Return all that a file imports and every string it could import by, docstrings and comments left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return " ".join([*calls, *(".".join(imports(path)).split())])
