"""Run the official MCP conformance scenarios for clients: `run.py [SCENARIO ...]`, all of both protocols by default.

The runner is a package of npm; it is installed under `.conformance`, with a Node.js of its own where the one at hand is
too old. Without npm nothing is run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ruamel.yaml import YAML

HERE = Path(__file__).parent
PLACE = HERE.parents[1] / ".conformance"
RUNNER = "@modelcontextprotocol/conformance"
VERSION = "0.2.0-alpha.12"
NODE = 22
REVISIONS = ("2025-11-25", "2026-07-28")
NOT_OFFERED = {
    "auth/dpop": "tokens bound to a key of the client",
    "auth/dpop-nonce": "tokens bound to a key of the client",
    "auth/wif-jwt-bearer": "identities of workloads",
}
"""What the client does not offer; the official Python client does not pass these either."""


def installed() -> Path:
    """Install the runner unless it is there, and return its folder."""
    PLACE.mkdir(exist_ok=True)
    package = PLACE / "node_modules" / RUNNER
    manifest = package / "package.json"
    if not manifest.exists() or json.loads(manifest.read_text())["version"] != VERSION:
        wanted = [f"{RUNNER}@{VERSION}", *([] if node_suffices() else [f"node@{NODE}"])]
        print("installing", *wanted, "...", flush=True)
        command = ["npm", "install", "--no-save", "--loglevel=error", "--prefix", str(PLACE), *wanted]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return package


def node_suffices() -> bool:
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    except OSError:
        return False
    return (match := re.match(r"v(\d+)", said)) is not None and int(match[1]) >= NODE


def scenarios(package: Path, revision: str) -> list[str]:
    """Return what a revision of the protocol asks of clients, extensions included."""
    listed = YAML(typ="safe").load((package / "requirements" / f"{revision}.yaml").read_text())
    return [*listed["client"], *(each["scenario"] for each in listed["not_scored"] if each["leg"] == "client")]


def passes(package: Path, revision: str, scenario: str) -> bool:
    """Run one scenario; print what it says where it fails unexpectedly."""
    client = f"{sys.executable} {HERE / 'client.py'}"
    path = os.pathsep.join([str(PLACE / "node_modules" / ".bin"), os.environ["PATH"]])
    command = ["node", str(package / "dist" / "index.js"), "client", "--command", client, "--scenario", scenario]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, "--spec-version", revision, "--force", "--timeout", "100000"],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PATH": path},
        )
    if done.returncode and scenario not in NOT_OFFERED:
        print(done.stdout[-4000:], done.stderr[-4000:])
    return done.returncode == 0


def main() -> int:
    if shutil.which("npm") is None:
        print("skipped: the conformance runner needs npm, which comes with Node.js (https://nodejs.org)")
        return 0
    package, failed = installed(), 0
    for revision in REVISIONS:
        names = [name for name in scenarios(package, revision) if not sys.argv[1:] or name in sys.argv[1:]]
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda name, revision=revision: passes(package, revision, name), names))
        for name, passed in zip(names, results, strict=True):
            expected = name in NOT_OFFERED
            said = "pass" if passed else f"not offered: {NOT_OFFERED[name]}" if expected else "FAIL"
            if passed and expected:
                said = "FAIL: it passes, so it is not to be excused"
            failed += said.startswith("FAIL")
            print(f"{revision}  {name:45} {said}")
    print(f"{failed} failed" if failed else "all that is offered passes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
