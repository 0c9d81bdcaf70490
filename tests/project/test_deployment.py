"""What the pages have for other programs is right: their commands, their units, their container file."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from strands_cli.cli.app import app
from support.page import blocks

DOCS = Path(__file__).parents[2] / "docs"
TEXTS = {
    page.name: [block.text for block in blocks(page.read_text(encoding="utf-8")) if block.language == "text"]
    for page in sorted(DOCS.glob("*.md"))
}
_UNIT = re.compile(r"# /etc/systemd/system/(.+)\n")
UNITS = {found[1]: text for texts in TEXTS.values() for text in texts if (found := _UNIT.match(text))}
_CALLED = re.compile(r"(?:^|[\s\"=])(?:[^\s\"=]*[/\\])?strands(?:\.exe)? +(.*)$")
_OTHER = ("#", "CMD", "Description", "sudo", "RUN", "docker run")


def commands() -> Iterator[tuple[str, str]]:
    """Yield the calls of `strands` in what the pages show for shells, cron, systemd and Windows."""
    for page in ("cron.md", "deployment.md", "windows.md"):
        for text in TEXTS[page]:
            for line in text.replace("\\\n", " ").splitlines():
                found = _CALLED.search(line)
                if found and not line.startswith(_OTHER):
                    told = found[1].replace("\\%", "%").split(">>")[0]
                    yield page, told.rstrip('"') if told.count('"') == 1 else told


@pytest.mark.parametrize(("page", "arguments"), list(commands()))
def test_a_command_that_is_shown_is_understood(page: str, arguments: str) -> None:
    given = shlex.split(arguments.replace("\\", "/"))
    command: click.Command = app
    context = click.Context(app, info_name="strands")
    while isinstance(command, click.Group):
        _, given, _ = command.make_parser(context).parse_args(args=given)
        found = command.get_command(context, given[0])
        assert found is not None, f"{page}: {given[0]}"
        command, given = found, given[1:]
        context = click.Context(command, parent=context)
    command.make_parser(context).parse_args(args=given)


def test_enough_is_shown() -> None:
    assert len(list(commands())) >= 8 and len(UNITS) == 3


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_one(name: str, tmp_path: Path) -> None:
    text = UNITS[name]
    sections = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
    assert sections[0] == "Unit" and sections[1] in ("Service", "Timer")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    (tmp_path / name).write_text(text.replace("/srv/strands/.venv/bin/strands", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(tmp_path / name)], capture_output=True, text=True)
    assert "Unknown" not in done.stderr
