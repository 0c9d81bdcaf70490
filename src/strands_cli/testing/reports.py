"""Reports of tests: lines for a terminal, plain data, and the XML that build servers read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from strands_cli.kernel.usage import money
from strands_cli.terminal.escape import one_line
from strands_cli.testing.evaluating import SuiteResult, WorkflowCaseResult

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def verdict_lines(verdict: WorkflowCaseResult, width: int) -> Iterator[str]:
    """Yield the lines of one test.

    Args:
        verdict: How it went.
        width: Columns.
    """
    mark, time = ("ok  " if verdict.passed else "FAIL"), f"{verdict.seconds:.1f} s"
    room = max(width - len(time) - 8, 20)
    yield f"  {mark} {one_line(verdict.name, room):<{room}} {time}"
    for problem in verdict.problems:
        yield from _folded(one_line(problem, 400), width)
    if verdict.problems and verdict.response:
        yield from _folded(f"The response: {one_line(verdict.response, 200)}", width)


def summary(results: Sequence[SuiteResult]) -> str:
    """Return the last line: how many passed, and what it took."""
    verdicts = [verdict for result in results for verdict in result.verdicts]
    failed = sum(not verdict.passed for verdict in verdicts)
    parts = [f"{len(verdicts) - failed} passed, {failed} failed"]
    tokens = sum(verdict.tokens for verdict in verdicts if not verdict.rehearsed)
    costs = [verdict.cost for verdict in verdicts if verdict.cost]
    parts += [f"{tokens:,} tokens"] if tokens else []
    parts += [money(sum(costs))] if costs else []
    made_up = sum(verdict.made_up for verdict in verdicts)
    note = f" Texts of {made_up} were made up, and not compared." if made_up else ""
    return f"{', '.join(parts)}.{note}"


def as_data(results: Sequence[SuiteResult]) -> dict[str, Any]:
    """Return a report as plain JSON values."""
    total = sum(len(result.verdicts) for result in results)
    failed = sum(result.failed for result in results)
    files = [
        {
            "file": str(result.suite.path),
            "workflow": str(result.suite.workflow),
            "tests": [verdict.to_dict() for verdict in result.verdicts],
        }
        for result in results
    ]
    return {"passed": total - failed, "failed": failed, "files": files}


def as_junit(results: Sequence[SuiteResult]) -> bytes:
    """Return a report as JUnit XML."""
    root = ElementTree.Element("testsuites", name="strands test")
    for result in results:
        seconds = sum(verdict.seconds for verdict in result.verdicts)
        suite = ElementTree.SubElement(root, "testsuite", name=_xml(str(result.suite.path)))
        counts = {"tests": len(result.verdicts), "failures": result.failed, "errors": 0}
        for name, number in counts.items():
            suite.set(name, str(number))
        suite.set("time", f"{seconds:.3f}")
        for verdict in result.verdicts:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=_xml(str(result.suite.workflow)),
                name=_xml(verdict.name),
                time=f"{verdict.seconds:.3f}",
            )
            if not verdict.passed:
                failure = ElementTree.SubElement(case, "failure", message=_xml(verdict.problems[0]))
                failure.text = _xml("\n".join(verdict.problems))
            if verdict.response:
                ElementTree.SubElement(case, "system-out").text = _xml(verdict.response)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _xml(text: str) -> str:
    """Return a text without the characters that XML cannot have."""
    return _NOT_XML.sub("?", text)


def _folded(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, initial_indent="       ", subsequent_indent="       ", break_on_hyphens=False)
