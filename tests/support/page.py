"""Runs a page of the documentation from top to bottom: `python -m support.page PAGE`, in an empty directory.

What the blocks mean:

- `python`: executed, all in one namespace, `await` allowed at the top. Lines `#> text` are what it must have printed.
- `yaml`, `python`, `json` whose first line is `# a_name.ext`: that file. A Python file must be run by a later block, by
  a command or by Python that names it.
- `yaml`: parsed; one with a `version:` is loaded as a spec.
- `toml`: that file; `pip install -e .` then makes the entry points of a `pyproject.toml` known to later commands.
- `shell`: each line is run; `# exit code 19` at its end is what is expected. `ID` is the newest session's id.
  What installs or tests (pip, uv, git, cd, .ci) is not run here; a `make` target must exist. `examples/` is there.
- `text` and others: for reading only.
- `<!-- server: 8765 -->` before a shell block: its command is a server, which runs beside the page from there on, at a
  port that is free, which later blocks get instead of this one; another such block ends it.
- `<!-- terminal: yes | no -->` before a block: it runs in a terminal, where these answers are typed.
- `<!-- needs: package -->` before a Python file: one that takes a package which not every environment has. It is kept
  and compiled here, and run by tests that name it.
- `<!-- stub: text -->`: what the stub of the provider answers from here on; default: it echoes the prompt.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import re
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pexpect

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from support.console import Terminal, environment
from support.packages import install
from support.stub_openai import Request, StubOpenAI

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
_DIRECTIVE = re.compile(r"^<!-- (?P<name>terminal|stub|server|needs): ?(?P<value>.*?) ?-->$")
_TITLE = re.compile(r"^# (?P<name>[\w./-]+\.(yaml|py|json|toml))$")
_CODE = re.compile(r"\s+# exit code (?P<code>\d+)\s*$")
_PYTEST = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "strands_cli.pytest_plugin"}
"""The plugin of this tree is used, whatever is installed."""
_HERE = "pip install -e ."
_INSTALLS = ("pip ", "git ", "cd ", ".ci/", "python3 -m venv ", "uv ")


@dataclass
class Block:
    """A fenced block, or (language "stub") a directive that stands alone."""

    language: str
    text: str
    line: int
    answers: list[str] | None = None
    server: str = ""
    needs: str = ""

    @property
    def title(self) -> str | None:
        match = _TITLE.match(self.text.partition("\n")[0])
        return match["name"] if match else None


class Failure(Exception):
    """A block did not do what the page says."""


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page in order."""
    found: list[Block] = []
    lines = text.splitlines()
    number, answers, server, needs = 0, None, "", ""
    while number < len(lines):
        line = lines[number]
        number += 1
        if directive := _DIRECTIVE.match(line.strip()):
            if directive["name"] == "stub":
                found.append(Block("stub", directive["value"], number))
            elif directive["name"] == "server":
                server = directive["value"]
            elif directive["name"] == "needs":
                needs = directive["value"]
            else:
                answers = [answer.strip() for answer in directive["value"].split("|")]
        elif fence := _FENCE.match(line):
            end = next(n for n in range(number, len(lines)) if lines[n].strip() == "```")
            body = textwrap.dedent("\n".join(lines[number:end])) + "\n"
            found.append(Block(fence["language"], body, number + 1, answers, server, needs))
            number, answers, server, needs = end + 1, None, "", ""
    return found


class Page:
    """A page while it runs, in the current directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.blocks = blocks(path.read_text(encoding="utf-8"))
        self.namespace: dict[str, Any] = {"__name__": "__page__"}
        self.reply: str | None = None
        self.unrun: set[str] = set()
        self.offered: set[str] = set()
        self.server: subprocess.Popen[bytes] | None = None
        self.ports: dict[str, str] = {}

    def run(self) -> None:
        known = {
            "python": self.python,
            "shell": self.shell,
            "yaml": self.yaml,
            "json": self.json,
            "toml": self.keep,
            "stub": self.stub,
        }
        with StubOpenAI(self.answer) as stub:
            os.environ |= {"OPENAI_BASE_URL": stub.url, "OPENAI_API_KEY": "none", "NO_COLOR": "1"}
            for block in self.blocks:
                for port, free in self.ports.items():
                    block.text = block.text.replace(port, free)
                run: Callable[[Block], object] | None = known.get(block.language)
                try:
                    if run is not None:
                        run(block)
                except BaseException as error:
                    raise Failure(f"{self.path.name}:{block.line}: {type(error).__name__}: {error}") from error
        self.unrun -= self.offered
        if self.unrun:
            raise Failure(f"{self.path.name}: no block runs {sorted(self.unrun)}")

    def answer(self, request: Request) -> str:
        return self.reply or f"Reply to: {request.prompt}"

    def stub(self, block: Block) -> None:
        self.reply = block.text or None

    def yaml(self, block: Block) -> None:
        from ruamel.yaml import YAML

        from strands_cli.capability.checker import check
        from strands_cli.loader import load_text

        self.keep(block)
        if isinstance(parsed := YAML(typ="safe").load(block.text), dict) and "version" in parsed:
            check(load_text(block.text, source=str(self.path)))

    def json(self, block: Block) -> None:
        text = self.keep(block)
        json.loads(text)

    def keep(self, block: Block) -> str:
        """Write a block that has a title to that file."""
        text = block.text
        if block.title:
            if block.title.endswith(".json"):
                text = text.partition("\n")[2]
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(text, encoding="utf-8")
        return text

    def python(self, block: Block) -> None:
        if block.needs:
            compile(self.keep(block), str(self.path), "exec")
        elif block.title:
            self.keep(block)
            self.unrun.add(block.title)
        elif block.answers is not None:
            Path("_block.py").write_text(block.text, encoding="utf-8")
            self.terminal([sys.executable, "_block.py"], block.answers, 0)
        else:
            self.execute(block)

    def execute(self, block: Block) -> None:
        self.unrun -= {
            title for title in self.unrun if title in block.text or f"from {title[:-3]} import" in block.text
        }
        source = "\n" * (block.line - 1) + block.text
        code = compile(source, str(self.path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        printed = StringIO()
        with redirect_stdout(printed):
            if code.co_flags & inspect.CO_COROUTINE:
                asyncio.run(eval(code, self.namespace))
            else:
                exec(code, self.namespace)
        expected = [match[1] for match in re.finditer(r"^ *#> ?(.*)$", block.text, re.MULTILINE)]
        if expected and (lines := printed.getvalue().rstrip("\n").split("\n")) != expected:
            raise Failure(f"it printed {lines}, the page says {expected}")

    def shell(self, block: Block) -> None:
        if block.server:
            self.serve(block)
            return
        for line in block.text.replace("\\\n", " ").splitlines():
            command, code = _CODE.sub("", line).strip(), _CODE.search(line)
            if command == _HERE or (command and not command.startswith(("#", *_INSTALLS))):
                self.command(command, int(code["code"]) if code else 0, block.answers)

    def serve(self, block: Block) -> None:
        """Run a server beside the page until it ends, or another one is begun."""
        self.end()
        if not self.ports:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.ports[block.server] = str(free.getsockname()[1])
        (port,) = self.ports.values()
        command = block.text.replace("\\\n", " ").strip()
        self.unrun = {title for title in self.unrun if title.removesuffix(".py") not in command}
        with Path("server.log").open("wb") as log:
            self.server = subprocess.Popen(
                ["bash", "-c", f"exec {command} --port {port}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until = time.monotonic() + 60
        while b"Serving" not in Path("server.log").read_bytes():
            if self.server.poll() is not None or time.monotonic() > until:
                raise Failure(f"{command!r} does not serve: {Path('server.log').read_text()}")
            time.sleep(0.05)

    def end(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(60)

    def command(self, command: str, code: int, answers: list[str] | None) -> None:
        if command == _HERE:
            self.offered = install_here()
            return
        if command.startswith("make "):
            target = command.split()[1]
            if f"\n{target}:" not in (ROOT / "Makefile").read_text(encoding="utf-8"):
                raise Failure(f"there is no make target {target!r}")
            return
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            said = subprocess.run(["bash", "-c", f"echo {value}"], capture_output=True, text=True, check=True)
            os.environ[name] = said.stdout.strip()
            return
        self.unrun -= set(command.split())
        if re.search(r"\bID\b", command):
            command = re.sub(r"\bID\b", newest_session(), command)
        if answers is not None:
            self.terminal(["bash", "-c", command], answers, code)
            return
        done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != code:
            raise Failure(f"{command!r} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}")

    def terminal(self, command: list[str], answers: list[str], code: int) -> None:
        terminal = Terminal(command, dict(os.environ), Path.cwd(), rows=50, columns=110)
        try:
            for number, answer in enumerate(answers):
                if number:  # what was typed is drawn again with the prompt that it answers
                    terminal.expect("HUMAN INPUT REQUIRED")
                terminal.expect("Your response").type(answer)
            terminal.end(code)
        except pexpect.ExceptionPexpect:
            raise Failure(f"{command} did not ask or did not end; it showed: {terminal.shown}") from None


def install_here() -> set[str]:
    """Install the package of the current directory as pip would: its modules and entry points are found.

    Returns:
        The files that its entry points offer to commands.
    """
    file = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    about, named = file["project"], file.get("tool", {}).get("setuptools", {}).get("py-modules", [])
    points = {f"{group}/{name}": to for group, names in about["entry-points"].items() for name, to in names.items()}
    if lacking := {to.partition(":")[0] for to in points.values()}.difference(named):
        raise Failure(f"pip would not install {sorted(lacking)}: name every module in py-modules")
    install(Path("site"), about["name"], {}, points)
    sys.path.insert(0, str(Path("site").resolve()))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path.cwd()), sys.path[0], os.environ["PYTHONPATH"]])
    return {f"{to.partition(':')[0]}.py" for to in points.values()}


def newest_session() -> str:
    listed = subprocess.run(["strands", "sessions", "list", "--json"], capture_output=True, text=True, check=True)
    newest: str = json.loads(listed.stdout)[0]["id"]
    return newest


def main() -> None:
    home = Path.cwd() / "home"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    clean = environment(home, {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT / "tests"), **_PYTEST})
    os.environ.clear()
    os.environ.update(clean)
    Path("examples").symlink_to(ROOT / "examples")
    page = Page(Path(sys.argv[1]))
    try:
        page.run()
    finally:
        page.end()


if __name__ == "__main__":
    main()
