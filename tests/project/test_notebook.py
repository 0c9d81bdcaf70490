"""The notebook of the docs runs, and shows what it shows today; in a notebook its front end asks people."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"
ASKING = """
from strands import Workflow
workflow = Workflow.from_dict({
    "version": 0, "name": "asking", "runtime": {"provider": "scripted"}, "agents": {"a": {"prompt": "x"}},
    "pattern": {"type": "chain", "config": {"steps": [
        {"type": "hitl", "prompt": "Good?", "choices": ["yes", "no"]}, {"set": {"said": "{{ hitl_response }}"}}]}},
}, store="asked", offline=True)
"""


def code_cells() -> list[dict[str, Any]]:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def stable(html: str) -> str:
    """What does not differ from run to run: neither ids of sessions nor times."""
    return re.sub(r"release-[0-9a-f]+|>[\d.]+<", "", html)


def test_every_cell_runs_and_shows_what_the_notebook_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path))
    names: dict[str, Any] = {}
    for cell in code_cells():
        *statements, last = "".join(cell["source"]).splitlines()
        exec("\n".join(statements), names)
        value = eval(last, names)
        [kept] = [each["data"] for each in cell["outputs"] if each["output_type"] == "execute_result"]
        kept = {kind: "".join(data) for kind, data in kept.items()}
        if "image/svg+xml" in kept:
            assert value._repr_mimebundle_()["image/svg+xml"] == kept["image/svg+xml"]
        elif "text/html" in kept:
            assert stable(value._repr_html_()) == stable(kept["text/html"])
        else:
            assert repr(value) == kept["text/plain"]


@pytest.mark.parametrize("call", ["workflow.run_interactive()", "await workflow.run_interactive_async()"])
def test_people_are_asked_in_the_notebook(tmp_path: Path, call: str) -> None:
    pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install ipykernel")
    manager: Any = pytest.importorskip("jupyter_client.manager", reason="jupyter_client is not installed")
    kernel = manager.KernelManager()
    kernel.kernel_cmd = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.start_kernel(cwd=str(tmp_path))
    client = kernel.client()
    client.start_channels()
    told: list[str] = []

    def run(code: str, asked: bool) -> str:
        told.clear()
        client.execute_interactive(
            code,
            allow_stdin=asked,
            stdin_hook=lambda _: client.input("1"),
            output_hook=lambda message: told.append(json.dumps(message["content"], default=str)),
            timeout=60,
        )
        return "\n".join(told)

    try:
        client.wait_for_ready(timeout=60)
        run(ASKING, asked=False)
        assert '\\"said\\": \\"yes\\"' in run(f"result = {call}\nprint(result.last_response)", asked=True)
        assert "paused" in run(f"result = {call}\nprint(result.status)", asked=False), "nobody sits there"
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
