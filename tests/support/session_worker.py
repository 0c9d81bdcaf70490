"""A process that forks one agent process for each line it reads, so that killing many of them is cheap.

Each line is a JSON order: {"do": "start" | "finish" | "answer", "root": dir, "disk": [kind, number]}. The reply line is
{"status": exit status or minus signal}. What the agent did is in `<root>/effects` and `<root>/acks`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from strands import Agent, ToolContext, tool
from strands.hooks import BeforeToolCallEvent, HookProvider, HookRegistry
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import Disk, FileSessionManager
from support.disks import TearingDisk, killing_disk

TOOLS_OF_TURNS = [["lookup", "mail", "pay"], ["transfer"]]


class Workers:
    """The process, from the outside."""

    def __init__(self, module: str = "support.session_worker") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )

    def run(self, do: str, root: Path, *, disk: tuple[str, int] = ("plain", 0), **more: Any) -> int:
        """Run one agent process to its end; return its exit status, or minus the signal that ended it."""
        return int(self.ask({"do": do, "root": str(root), "disk": disk, **more})["status"])

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        reply: dict[str, Any] = json.loads(self._process.stdout.readline())
        return reply

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)


def note(root: Path, name: str, text: str) -> None:
    """Add a line to a file of `root`, as a real side effect would."""
    with open(root / name, "a", encoding="utf-8") as file:
        file.write(text + "\n")


def lines(root: Path, name: str) -> list[str]:
    """Return the lines of a file of `root`."""
    path = root / name
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def script(messages: list[Any]) -> Any:
    turns = sum(message["role"] == "assistant" for message in messages)
    if turns < len(TOOLS_OF_TURNS):
        return [ToolCall(name, {"amount": 10}, id=f"{name}-{turns}") for name in TOOLS_OF_TURNS[turns]]
    return "done"


class Approval(HookProvider):
    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self.approve)

    def approve(self, event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] == "pay":
            answer = event.interrupt("approval", reason={"amount": event.tool_use["input"]["amount"]})
            if answer != "y":
                event.cancel_tool = "denied"


class Way:
    """How paying goes; an object, as a tool that closes over other values is another tool than the approved one."""

    def __init__(self, deadly: bool, slow: bool, meanwhile: Callable[[], None] | None) -> None:
        self.deadly = deadly
        self.slow = slow
        self.meanwhile = meanwhile

    def pay(self, root: Path) -> None:
        if self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.slow:
            _wait_for(root / "paid")
        if self.meanwhile is not None:
            self.meanwhile()


def make_agent(
    root: Path,
    disk: Disk | None = None,
    *,
    deadly: bool = False,
    slow: bool = False,
    while_paying: Callable[[], None] | None = None,
    asking: bool = True,
    session_manager: Any = None,
    **kwargs: Any,
) -> Agent:
    """Return the agent of these tests, in the session `bills` of `root`."""
    if session_manager is None:
        session_manager = FileSessionManager(session_id="bills", storage_dir=root / "store", disk=disk)
    way = Way(deadly, slow, while_paying)

    @tool(read_only=True)
    def lookup(amount: int) -> str:
        """Look it up."""
        note(root, "effects", "lookup")
        return "found"

    @tool(idempotent=True, context=True)
    def mail(amount: int, tool_context: ToolContext) -> str:
        """Mail it."""
        note(root, "effects", f"mail {tool_context.idempotency_key}")
        return "mailed"

    @tool
    def pay(amount: int) -> str:
        """Pay it."""
        note(root, "effects", "pay")
        way.pay(root)
        return "paid"

    @tool(context=True)
    def transfer(amount: int, tool_context: ToolContext) -> str:
        """Transfer it."""
        answer = tool_context.interrupt("transfer", reason={"amount": amount})
        note(root, "effects", f"transfer {answer}")
        return "transferred"

    return Agent(
        model=ScriptedModel(script),
        tools=[lookup, mail, pay, transfer],
        hooks=[Approval()] if asking else [],
        callback_handler=None,
        session_manager=session_manager,
        **kwargs,
    )


def start(agent: Agent, root: Path) -> None:
    result = agent("pay the bills")
    note(root, "acks", result.stop_reason)


def finish(agent: Agent, root: Path) -> None:
    """Go on from wherever the session is until the agent is done."""
    for _ in range(10):
        if agent.pending_interrupts:
            answers = []
            for interrupt in agent.pending_interrupts:
                response = "skip" if interrupt.name == "ambiguous_tool_call" else "y"
                note(root, "answers", f"{interrupt.name} {interrupt.id}")
                answers.append({"interruptResponse": {"interruptId": interrupt.id, "response": response}})
            result = agent(answers)
        elif agent.messages and (agent.messages[-1]["role"] == "user" or _asks(agent.messages[-1])):
            result = agent(None)
        elif agent.messages:
            note(root, "acks", "end_turn")
            return
        else:
            result = agent("pay the bills")
        note(root, "acks", result.stop_reason)
        if result.stop_reason == "end_turn":
            return
    raise AssertionError("the agent does not come to an end")


def die_in_pay(root: Path, again: bool) -> None:
    """Approve the payment, and die while it is made."""
    agent = make_agent(root, deadly=True)
    (interrupt,) = agent(None).interrupts or ()
    response = "run again" if again else "y"
    agent([{"interruptResponse": {"interruptId": interrupt.id, "response": response}}])


def answer(agent: Agent, root: Path, order: dict[str, Any]) -> None:
    """Answer the one open question, if the lease can be had."""
    (interrupt,) = agent.pending_interrupts
    note(root, "ready", order["response"])
    _wait_for(Path(order["go"]))
    agent([{"interruptResponse": {"interruptId": interrupt.id, "response": order["response"]}}])
    note(root, "acks", order["response"])


def _asks(message: Any) -> bool:
    return any("toolUse" in block for block in message["content"])


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.001)


def disk_of(kind: str, number: int) -> Disk:
    if kind == "torn":
        return TearingDisk(number)
    return killing_disk(number, kind) if number else Disk()


def agent_of(root: Path, order: dict[str, Any]) -> Agent:
    """The agent in its files, or in a database that kills the process before one of its statements."""
    kind, number = order["disk"]
    slow = order.get("slow", False)
    if kind != "sqlite":
        return make_agent(root, disk_of(kind, number), slow=slow)
    from strands.journal.sqlite import SqliteDatabase
    from strands.session import SQLSessionManager
    from support.databases import Dying

    dying = Dying(
        SqliteDatabase.at(root / "runs.db"), number or 1_000_000, lambda: os.kill(os.getpid(), signal.SIGKILL)
    )
    manager = SQLSessionManager("bills", f"sqlite:///{root / 'runs.db'}", database=dying)
    return make_agent(root, session_manager=manager, slow=slow)


def _work(root: Path, order: dict[str, Any]) -> None:
    if order["do"] == "die_in_pay":
        die_in_pay(root, order.get("again", False))
    if order["do"] == "die_unasked":
        make_agent(root, deadly=True, asking=False)("pay the bills")
    agent = agent_of(root, order)
    if order["do"] == "answer":
        answer(agent, root, order)
    else:
        {"start": start, "finish": finish}[order["do"]](agent, root)


def _child(order: dict[str, Any], work: Callable[[Path, dict[str, Any]], None]) -> None:
    root = Path(order["root"])
    try:
        work(root, order)
    except BaseException as error:
        note(root, "errors", f"{type(error).__name__}: {error}")
        os._exit(1)
    os._exit(0)


def serve(
    work: Callable[[Path, dict[str, Any]], None],
    before: Callable[[dict[str, Any]], None] = lambda order: None,
    rehearsed: Sequence[dict[str, Any]] = (),
) -> None:
    """Fork a process for each line of the standard input, and let it do `work`; what takes long is done `before`.

    Orders that are `rehearsed` are carried out here first: each process has then imported what they need.
    """
    for order in rehearsed:
        with tempfile.TemporaryDirectory() as root:
            work(Path(root), {"do": "rehearse", "disk": ["plain", 0], **order})
    children: list[int] = []
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] != "wait":
            before(order)
            pid = os.fork()
            if pid == 0:
                sys.stdin.close()
                _child(order, work)
            children.append(pid)
        if order.get("background"):
            reply: dict[str, Any] = {"status": 0, "pid": children[-1]}
        else:
            statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            children = []
            reply = {"status": statuses[-1] if statuses else 0, "statuses": statuses}
        print(json.dumps(reply), flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    serve(_work, rehearsed=[{"do": "finish"}])
