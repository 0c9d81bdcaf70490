"""A server, four people, two votes: what `make demo-team` shows.

In a terminal you are one of the two who must agree: in the browser. Without one all of them answer through the API.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from demo_output import ROOT, program, run, say, show_command  # noqa: E402

OUT = ROOT / "demo-out" / "team"
STORE = f"sqlite:///{OUT / 'runs.db'}"
SECONDS = 60.0


def main() -> int:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    os.environ["STRANDS_HOME"] = str(OUT / "sessions")
    say("A refund of 1,890 EUR. Anna asks for it. Two people of finance must agree, and not she, although she is one.")
    people = OUT / "people.yaml"
    people.write_text(everybody(), encoding="utf-8")
    log = OUT / "server.log"
    arguments = ["--store", STORE, "serve", "team_app:workflow", "--people", str(people), "--port", "0"]
    shown("--store", STORE, "serve", "team_app:workflow", "--people", people.name, "--port", "0")
    with log.open("wb") as output:
        server = subprocess.Popen([*program(), *arguments], cwd=HERE, stdout=output, stderr=output)
    try:
        return story(server, log)
    finally:
        server.terminate()
        server.wait(30)


def everybody() -> str:
    """Return people.yaml with whoever sits here as one of finance."""
    known = (HERE / "people.yaml").read_text(encoding="utf-8")
    from strands_cli.kernel.principal import os_principal

    return f"{known}you: {{name: You, roles: [finance], ids: ['{os_principal().id}']}}\n"


def story(server: subprocess.Popen[bytes], log: Path) -> int:
    address, sign_in = serving(server, log)
    say(f"The server is at {address}. Anna, Ben, Dora and Carl have API tokens; their programs use these.")
    anna, ben, dora, carl = (Caller(address, name, token(name)) for name in ("anna", "ben", "dora", "carl"))
    session = anna.post("/sessions", {"workflow": "team-refund", "inputs": {}})["id"]
    ref = waited(lambda: anna.open_question(session))
    anna.tries(ref, "approve", "Anna tries to agree to what she has asked for herself:")
    say("Nobody answers, so those who may are reminded.")
    waited(lambda: "hitl_reminded" in anna.events(session))
    say("Ben agrees. That is one of two.")
    ben.answers(ref, "approve", "The terms allow it.")
    if sys.stdin.isatty() and sys.stdout.isatty():
        in_the_browser(sign_in, anna, session)
    else:
        say("Dora is away. She hands her vote on to Carl, who is not of finance himself.")
        dora.post(f"/questions/{ref}/delegate", {"to": "carl", "why": "I am away until Monday"})
        carl.answers(ref, "approve", "For Dora.")
    waited(lambda: anna.get(f"/sessions/{session}")["status"] in ("completed", "failed"))
    say("That decides it, and the server has gone on by itself. What is on record:")
    strands("--store", STORE, "sessions", "show", session)
    say("Whether that record is whole, and whether everybody who decided was entitled to, can be checked by anybody:")
    code = strands("--store", STORE, "audit", "verify", "--all")
    say("Next: docs/approvals-for-a-team.md, or edit examples/team/refund.yaml and run it again.")
    return code


def in_the_browser(sign_in: str, anna: Caller, session: str) -> None:
    say("Now you, of finance too. Open this address, look at the question, and answer it:")
    print(f"\n  {sign_in}\n\nIt waits for you here (Ctrl-C ends the demo).", flush=True)
    while anna.get(f"/sessions/{session}")["status"] not in ("completed", "failed"):
        time.sleep(0.5)


class Caller:
    """Somebody's program that uses the server's API."""

    def __init__(self, address: str, name: str, secret: str) -> None:
        self._address = address
        self._name = name
        self._secret = secret

    def get(self, path: str) -> Any:
        return self._send("GET", path, None, {})

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        return self._send("POST", path, body, headers)

    def open_question(self, session: str) -> str | None:
        found = self.get("/questions?state=open")["items"]
        return next((each["ref"] for each in found if each["session"] == session), None)

    def events(self, session: str) -> list[str]:
        return [each["type"] for each in self.get(f"/sessions/{session}/events")["items"]]

    def answers(self, ref: str, value: str, reason: str) -> None:
        shown = self.get(f"/questions/{ref}")["shown"]
        told = self.post(f"/questions/{ref}/answer", {"value": value, "reason": reason}, **{"If-Match": f'"{shown}"'})
        print(f"  {self._name} answered {value!r}: the question is {told['question']['status']}")

    def tries(self, ref: str, value: str, why: str) -> None:
        say(why)
        shown = self.get(f"/questions/{ref}")["shown"]
        try:
            self.post(f"/questions/{ref}/answer", {"value": value}, **{"If-Match": f'"{shown}"'})
        except urllib.request.HTTPError as refused:
            told = json.loads(refused.read())
            print(f"  {refused.code} {told['code']}: {told['detail']}")
        else:
            raise SystemExit("the server took an answer that it should have refused")

    def _send(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
        data = None if body is None else json.dumps(body).encode()
        known = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"{self._address}/api/v1{path}", data, known, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read())


def serving(server: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    """Return the address of the server, and the one to sign in at."""

    def told() -> tuple[str, str] | None:
        if server.poll() is not None:
            raise SystemExit(log.read_text(encoding="utf-8"))
        found = re.search(r"(http://[^/\s]+)/login\?token=\S+", log.read_text(encoding="utf-8"))
        return (found.group(1), found.group(0)) if found else None

    found: tuple[str, str] = waited(told)
    return found


def token(name: str) -> str:
    command = [*program(), "--store", STORE, "token", "create", "--for", name, "--json", "--scope", ",".join(SCOPES)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    secret: str = json.loads(made.stdout)["token"]
    return secret


SCOPES = ("questions:read", "questions:answer", "sessions:read", "sessions:start")


def waited(look: Callable[[], Any]) -> Any:
    """Return what `look` finds as soon as it finds something."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"nothing happened for {SECONDS:g} s; see {OUT / 'server.log'}")


def strands(*arguments: str) -> int:
    """Show the command and run it in a process of its own."""
    shown(*arguments)
    return run(*arguments)


def shown(*arguments: str) -> None:
    show_command(shlex.join(arguments).replace(f"{OUT}/", ""))


if __name__ == "__main__":
    sys.exit(main())
