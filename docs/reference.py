"""Write what the documentation site is built from: the pages of docs/, and a reference made of docstrings.

python docs/reference.py build   # makes build/mkdocs.yml and build/docs/
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from notebooks import page_of

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
REPOSITORY = "https://github.com/ThomasRohde/strands-cli"
SRC = ROOT / "src"
PACKAGES = ("strands", "strands_cli")
SCRIPTS = ROOT / "build" / "scripts"
"""What pages load and Zensical would load from elsewhere: `make docs` fetches it where there is npm."""

_LINK = re.compile(r"(\]\()(\.\./[^)#\s]+)")
_NOTEBOOK = re.compile(r"\]\(([^)#\s:]+)\.ipynb")
_POLYFILLS = """  polyfills:
    - {path: javascripts/iframe-worker.js, type: text/javascript, async: false, defer: false}
"""


def modules() -> Iterator[str]:
    """Yield the public modules of both packages: none of their names begins with an underscore."""
    for package in PACKAGES:
        for path in sorted((SRC / package).rglob("*.py")):
            parts = path.relative_to(SRC).with_suffix("").parts
            names = parts[:-1] if parts[-1] == "__init__" else parts
            # Where there is no package lie files that are copied, not imported.
            is_imported = (path.parent / "__init__.py").exists()
            if is_imported and not any(name.startswith("_") for name in names):
                yield ".".join(names)


def pages() -> dict[str, list[str]]:
    """Return the pages of the reference: a package, and its public modules that are no packages themselves."""
    found: dict[str, list[str]] = {}
    for module in modules():
        package = module if is_package(module) else module.rpartition(".")[0]
        found.setdefault(package, []).append(module)
    return dict(sorted(found.items()))


def is_package(module: str) -> bool:
    return SRC.joinpath(*module.split("."), "__init__.py").exists()


def text(package: str, members: list[str]) -> str:
    """Return a page in Markdown: what the package offers, and each of its modules."""
    names = offered(package)
    links = [f"[`{name}`][{home}]" for name, home in names.items()]
    short = [f"`from {package} import ...`: {', '.join(links)}."] if links else []
    # What a private module defines has its place where the package offers it.
    homes = [home for home in names.values() if f"{package}._" in home]
    return "\n\n".join([f"# {package}", *short, *(f"::: {home}" for home in (*members, *homes))]) + "\n"


def offered(package: str) -> dict[str, str]:
    """Return the names that a package imports to offer them (`X as X`), and where each is defined."""
    found: dict[str, str] = {}
    for name, (module, original) in imported(package, offered=True).items():
        home, seen = (module, original), {package}
        while home[0] not in seen and home[1] in imported(home[0]):
            seen.add(home[0])
            home = imported(home[0])[home[1]]
        if home[0].partition(".")[0] in PACKAGES and not name.startswith("__"):
            found[name] = ".".join(home)
    return dict(sorted(found.items()))


@cache
def imported(module: str, *, offered: bool = False) -> dict[str, tuple[str, str]]:
    """Return the names that a module imports from others, and the module and the name of each there.

    With `offered` only those that others are to import from it: written `X as X`, or listed in `__all__`.
    """
    folder = SRC.joinpath(*module.split("."))
    file, package = folder / "__init__.py", module
    if not file.exists():
        file, package = folder.with_suffix(".py"), module.rpartition(".")[0]
    if not file.exists():
        return {}
    found: dict[str, tuple[str, str]] = {}
    tree = ast.parse(file.read_text(encoding="utf-8"))
    listed = {name for node in tree.body if isinstance(node, ast.Assign) for name in names_in_all(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            home = resolve_name("." * node.level + (node.module or ""), package)
            chosen = [each for each in node.names if not offered or each.asname == each.name or each.name in listed]
            found.update({each.asname or each.name: (home, each.name) for each in chosen})
    return found


def names_in_all(node: ast.Assign) -> list[str]:
    """Return what an assignment puts into `__all__`."""
    is_all = any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    return [str(each) for each in ast.literal_eval(node.value)] if is_all else []


def write(build: Path) -> None:
    """Write the pages of the site, those of docs/ and those of the reference, and what puts them together.

    Args:
        build: Where; the pages there are replaced.
    """
    folder = build / "docs"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "images").mkdir(parents=True)
    for path in sorted(DOCS.rglob("*")):
        target = folder / path.relative_to(DOCS)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            target.write_text(with_drawings(with_links_out(path)), encoding="utf-8")
        elif path.suffix == ".ipynb":
            target.with_suffix(".md").write_text(page_of(path, folder / "images"), encoding="utf-8")
        elif path.is_file() and path.suffix != ".py":
            shutil.copyfile(path, target)
    (folder / "javascripts").mkdir()
    for path in SCRIPTS.glob("*.js"):
        shutil.copyfile(path, folder / "javascripts" / path.name)
    (folder / "reference").mkdir()
    for package, members in pages().items():
        folder.joinpath("reference", f"{package}.md").write_text(text(package, members), encoding="utf-8")
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    config = config.replace("      # reference\n", navigation())
    notebooks = [f"      - {path.stem}.md\n" for path in sorted(DOCS.glob("*.ipynb"))]
    config = config.replace("      # notebooks\n", "".join(notebooks))
    if not (SCRIPTS / "iframe-worker.js").exists():  # search then works over HTTP alone
        config = config.replace("  - offline\n", "").replace(_POLYFILLS, "")
    build.joinpath("mkdocs.yml").write_text(config, encoding="utf-8")


def navigation() -> str:
    """Return the lines by which the navigation leads to the reference."""
    lines = []
    for root in PACKAGES:
        lines.append(f"      - {root}:")
        found = (package for package in pages() if package.partition(".")[0] == root)
        lines += (f"          - {package}: reference/{package}.md" for package in found)
    return "\n".join(lines) + "\n"


def with_drawings(text: str) -> str:
    """Return a page with what draws its diagrams, or with their text where that is not there."""
    if "```mermaid" not in text:
        return text
    if not (SCRIPTS / "mermaid.min.js").exists():
        return text.replace("```mermaid", "```text")
    return f'{text}\n<script src="javascripts/mermaid.min.js"></script>\n'


def with_links_out(page: Path) -> str:
    """Return a page whose links to files beside docs/ lead to the repository, and those to notebooks to their pages."""

    def outside(link: re.Match[str]) -> str:
        path = (page.parent / link[2]).resolve()
        inside = path.is_relative_to(DOCS) or not path.is_relative_to(ROOT)
        return link[0] if inside else f"{link[1]}{REPOSITORY}/blob/main/{path.relative_to(ROOT).as_posix()}"

    return _NOTEBOOK.sub(r"](\1.md", _LINK.sub(outside, page.read_text(encoding="utf-8")))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
