"""Text on a terminal while it is written: one agent's as text, several as a line each; elsewhere it does not stream."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.console import Console
from support.stub_http import Scripted
from support.stub_openai import Fault, Request, Say, StubOpenAI, Use

BEGINNING = "# Rivers\n\nThey are **long** and \x1b[31mwet.\n"
END = "\n- the Nile\n- the Amazon\n"
CHAIN = """\
version: 0
name: rivers
runtime: {{provider: openai, model_id: gpt-4o-mini, host: "{url}", failure_policy: {{retries: 1, wait_min: 0}}}}
agents: {{writer: {{prompt: You write.}}}}
pattern: {{type: chain, config: {{steps: [{{agent: writer, input: one}}]}}}}
"""
BRANCHES = """\
version: 0
name: rivers
runtime: {{provider: openai, model_id: gpt-4o-mini, host: "{url}"}}
agents: {{writer: {{prompt: You write.}}, critic: {{prompt: You judge.}}}}
pattern:
  type: parallel
  config:
    branches:
      - {{id: web, steps: [{{agent: writer, input: one}}]}}
      - {{id: papers, steps: [{{agent: critic, input: two}}]}}
"""


def chunk(text: str) -> dict[str, Any]:
    return {"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}]}


class Slow:
    """Replies whose end is held back until the test has seen their beginning."""

    def __init__(self) -> None:
        self.seen = threading.Event()

    def __call__(self, request: Request) -> Say:
        return Say(extra={"chunks": self.chunks()})

    def chunks(self) -> Iterator[dict[str, Any]]:
        yield chunk(BEGINNING)
        assert self.seen.wait(30)
        yield chunk(END)


def console(tmp_path: Path, stub: StubOpenAI, spec: str = CHAIN) -> Console:
    found = Console(tmp_path, {"OPENAI_API_KEY": "none"})
    found.write("rivers.yaml", spec.format(url=stub.url))
    return found


def test_text_is_shown_as_markdown_while_it_is_written_and_as_a_whole_at_the_end(tmp_path: Path) -> None:
    slow = Slow()
    with StubOpenAI(slow) as stub:
        terminal = console(tmp_path, stub).terminal("run", "rivers.yaml", columns=80)
        terminal.expect("    They are ")
        assert "Amazon" not in terminal.shown
        slow.seen.set()
        shown = terminal.end()
    assert "\x1b[1mlong\x1b[0m and \\x1b[31mwet." in terminal.sent.decode() and "**" not in shown
    assert not terminal.foreign()
    assert shown.partition("✓ steps/0")[2].count("They are long and \\x1b[31mwet.") == 1
    assert " • the Amazon" in shown


def test_several_at_once_have_a_line_each(tmp_path: Path) -> None:
    slow = Slow()
    with StubOpenAI(slow) as stub:
        terminal = console(tmp_path, stub, BRANCHES).terminal("run", "rivers.yaml", columns=80)
        for branch in ("web", "papers"):
            terminal.expect(f"branches/{branch}/steps/0").expect("They are **long** and \\x1b[31mwet.")
        assert "\n    They" not in terminal.shown
        slow.seen.set()
        terminal.end()


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_nothing_streams_for_a_program(tmp_path: Path, option: str) -> None:
    with StubOpenAI([BEGINNING + END]) as stub:
        shown = console(tmp_path, stub).terminal("run", "rivers.yaml", option).end()
    assert "    They are long" not in shown


def test_a_pipe_gets_the_response_as_it_is_and_no_text_beside_it(tmp_path: Path) -> None:
    with StubOpenAI([BEGINNING + END]) as stub:
        done = console(tmp_path, stub).run("run", "rivers.yaml")
    assert done.stdout == BEGINNING + END
    assert "They are" not in done.stderr


def test_text_of_a_try_that_failed_goes_and_it_is_said_that_it_is_written_again(tmp_path: Path) -> None:
    with StubOpenAI([Say(BEGINNING * 3, cut=True, chunk_delay=0.2, pieces=3), Say(END)]) as stub:
        shown = console(tmp_path, stub).terminal("run", "rivers.yaml").end()
    before, again, after = shown.partition("↻ steps/0")
    assert again and "They are long" in before and "They are" not in after and "the Nile" in after


def test_a_step_that_an_earlier_process_began_says_that_it_goes_on(tmp_path: Path) -> None:
    with StubOpenAI([Fault(401), BEGINNING + END]) as stub:
        here = console(tmp_path, stub)
        session = here.run("run", "rivers.yaml", "--quiet", code=10).stderr.split("strands resume ")[1].split()[0]
        shown = here.terminal("resume", session).end()
    assert "↻ steps/0    writer  goes on" in shown


TOOL = """\
import logging
from strands import tool

@tool(read_only=True)
def measure(river: str) -> str:
    "Measure a river."
    logging.getLogger(__name__).info("measuring %s", river)
    return "first line\\n" + "x" * 300 + "\\nlast line\\x1b[2J"
"""


def test_verbose_shows_tools_arguments_results_and_replies_whole_and_no_log_lines_of_clients(tmp_path: Path) -> None:
    spec = CHAIN.replace("agents:", 'tools: {{python: [{{callable: "mine:measure"}}]}}\nagents:')
    spec = spec.replace("You write.", "You write., tools: [measure]")
    arguments = {"river": "Nile " * 60}
    script: list[Scripted] = [Say("I measure it.", tools=[Use("measure", arguments)]), "word " * 60 + "end."]
    for columns in (0, 80):
        with StubOpenAI(script) as stub:
            here = console(tmp_path, stub, spec)
            here.write("mine.py", TOOL)
            if columns:
                shown = here.terminal("run", "rivers.yaml", "-v", columns=columns).end()
            else:
                shown = here.run("run", "rivers.yaml", "-v").stderr
        flat = " ".join(shown.split())
        assert "I measure it." in flat and f'{{"river": "{"Nile " * 60}"}}' in flat
        assert "first line" in flat and "x" * 300 in flat.replace(" ", "") and "last line\\x1b[2J" in flat
        assert flat.count("word " * 60 + "end.") == 1
        assert "Info: measuring" in flat and "HTTP Request" not in flat
