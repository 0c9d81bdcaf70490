"""An approval of a call is of what the tool calls as well: the functions, classes and constants of its own program."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.hooks import BeforeToolCallEvent
from strands.hooks.named_code import MOST
from strands.models.scripted import ScriptedModel, ToolCall
from support.agents import answers

HEAD = "import functools, os, time, uuid\nfrom strands import tool\n"
WIRE = '@tool\ndef wire(to: str) -> str:\n    "Send."\n    return str({})\n'
INNER = "def inner(to):\n    return 'OLD', to\n"
BESIDE = INNER + "import time\nACCOUNT = 'OLD'\nSTARTED = time.time()\n"
API = "class Base:\n    def send(self, to):\n        return 'OLD', to\nclass Api(Base):\n    pass\n"
AROUND = (
    "def around(function):\n    @functools.wraps(function)\n    def wrapped(*a):\n        return 'OLD', function(*a)\n"
    "    return wrapped\n"
)
PROGRAMS = {
    "a function": INNER + WIRE.format("inner(to)"),
    "a function below": WIRE.format("inner(to)") + INNER,
    "a function that a function calls": INNER + "def middle(to):\n    return inner(to)\n" + WIRE.format("middle(to)"),
    "functions that call each other": (
        "def one(n):\n    return two(n)\ndef two(n):\n    return one(n - 1) if n > 1 else 'OLD'\n"
        + WIRE.format("one(3)")
    ),
    "a default": "def inner(to, account='OLD'):\n    return account, to\n" + WIRE.format("inner(to)"),
    "a lambda": "inner = lambda to: ('OLD', to)\n" + WIRE.format("inner(to)"),
    "a cached function": "@functools.lru_cache\n" + INNER + WIRE.format("inner(to)"),
    "a partial": INNER + "bound = functools.partial(inner)\n" + WIRE.format("bound(to)"),
    "a decorator around it": AROUND + "@around\ndef inner(to):\n    return to\n" + WIRE.format("inner(to)"),
    "what a decorator is around": AROUND.replace("OLD", "") + "@around\n" + INNER + WIRE.format("inner(to)"),
    "a class's base": API + WIRE.format("Api().send(to)"),
    "the class of an object": API + "api = Api()\n" + WIRE.format("api.send(to)"),
    "a property": (
        "class Api:\n    @property\n    def account(self):\n        return 'OLD'\n" + WIRE.format("Api().account")
    ),
    "a decorator that says nothing": (
        "def around(function):\n    def wrapped(*a):\n        return function(*a)\n    return wrapped\n"
        "@around\n" + INNER + WIRE.format("inner(to)")
    ),
    "a constant of a class": "class Api:\n    ACCOUNT = 'OLD'\n" + WIRE.format("Api.ACCOUNT"),
    "a field of a class": (
        "import dataclasses\n@dataclasses.dataclass\nclass Api:\n    account: str = 'OLD'\n"
        + WIRE.format("Api().account")
    ),
    "a constant to choose from": (
        "import enum\nclass Account(enum.Enum):\n    MAIN = 'OLD'\n" + WIRE.format("Account.MAIN.value")
    ),
    "a class in a class": (
        "class Api:\n    class Inner:\n        def send(self, to):\n            return 'OLD', to\n"
        + WIRE.format("Api.Inner().send(to)")
    ),
    "the class of an attribute": (
        "class Field:\n    def __get__(self, *a):\n        return 'OLD'\nclass Api:\n    account = Field()\n"
        + WIRE.format("Api().account")
    ),
    "a function of a table": INNER
    + "ways = {'plain': inner, 'time': time.time()}\n"
    + WIRE.format("ways['plain'](to)"),
    "a class of a table": API + "ways = {'plain': Api}\n" + WIRE.format("ways['plain']().send(to)"),
    "an object of a table": API + "ways = {'plain': Api()}\n" + WIRE.format("ways['plain'].send(to)"),
    "a function in a table of pairs": INNER + "ways = [('plain', inner)]\n" + WIRE.format("ways[0][1](to)"),
    "a function of a set": INNER + "ways = {inner}\n" + WIRE.format("[way(to) for way in ways]"),
    "a function of an ordered table": (
        "import collections\n" + INNER + "ways = collections.OrderedDict(a=inner)\n" + WIRE.format("ways['a'](to)")
    ),
    "a function of a table of a class": (
        INNER + "class Api:\n    ways = {'plain': inner}\n" + WIRE.format("Api.ways['plain'](to)")
    ),
    "a function that is a default": (
        INNER + "def outer(to, way=inner, *, other=inner):\n    return way(to)\n" + WIRE.format("outer(to)")
    ),
    "what a function does for a type": (
        "@functools.singledispatch\ndef inner(to):\n    return to\n"
        "@inner.register\ndef _(to: str):\n    return 'OLD', to\n" + WIRE.format("inner(to)")
    ),
    "what a method does for a type": (
        "class Api:\n    @functools.singledispatchmethod\n    def send(self, to):\n        return to\n"
        "    @send.register\n    def _(self, to: str):\n        return 'OLD', to\n" + WIRE.format("Api().send(to)")
    ),
    "what a module beside does for a type": (
        "import beside\n@functools.singledispatch\ndef send(to):\n    return to\n"
        "send.register(str, beside.inner)\n" + WIRE.format("send(to)")
    ),
    "another tool": "@tool\ndef other(to: str) -> str:\n    'Send.'\n    return 'OLD'\n" + WIRE.format("other(to=to)"),
    "a constant": "ACCOUNT = 'OLD'\n" + WIRE.format("(ACCOUNT, to)"),
    "a constant of several": "ACCOUNTS = (1, ('OLD', None))\n" + WIRE.format("(ACCOUNTS, to)"),
    "constants side by side": "(KIND, ACCOUNT), COUNT = ('x', 'OLD'), 2\n" + WIRE.format("(ACCOUNT, to)"),
    "a constant that is worked out": "ACCOUNT = 'x' + 3 * 'OLD'\n" + WIRE.format("(ACCOUNT, to)"),
    "a constant of constants": "NAME = 'OLD'\nACCOUNT = f'{NAME}@bank'\n" + WIRE.format("(ACCOUNT, to)"),
    "a constant of a class of constants": (
        "NAME = 'OLD'\nclass Api:\n    KIND = 1\n    ACCOUNT = (NAME, KIND + 1)\n" + WIRE.format("Api.ACCOUNT")
    ),
    "a constant from a module beside": "from beside import ACCOUNT\n" + WIRE.format("(ACCOUNT, to)"),
    "one of another name from a module beside": "from beside import ACCOUNT as MINE\n" + WIRE.format("(MINE, to)"),
    "all from a module beside": "from beside import *\n" + WIRE.format("(ACCOUNT, to)"),
    "a constant that a function names": (
        "ACCOUNT: str = 'OLD'\ndef inner(to):\n    return ACCOUNT, to\n" + WIRE.format("inner(to)")
    ),
    "a comprehension": INNER + WIRE.format("[inner(each) for each in to]"),
    "a validator in an annotation": (
        "from typing import Annotated\nfrom pydantic import AfterValidator\n"
        "def inner(to):\n    return 'OLD' + to\nTo = Annotated[str, AfterValidator(inner)]\n"
        + WIRE.format("to").replace("to: str", "to: To")
    ),
    "a validator of a class of arguments": (
        "import typing, pydantic\nclass To(pydantic.BaseModel):\n    name: str\n"
        "    @pydantic.field_validator('name')\n    @classmethod\n    def inner(cls, to):\n        return 'OLD' + to\n"
        "class Far(pydantic.BaseModel):\n    to: list[To]\n"
        + WIRE.format("to").replace("to: str", "to: typing.Union[Far, str]")
    ),
    "a default of a class of arguments": (
        "import typing, pydantic\nclass To(pydantic.BaseModel):\n    account: str = 'OLD'\n"
        + WIRE.format("to").replace("to: str", "to: typing.Union[To, str]")
    ),
    "a validator under postponed annotations": (
        "from typing import Annotated\nfrom pydantic import AfterValidator\n"
        "def inner(to):\n    return 'OLD' + to\n"
        + WIRE.format("to").replace("to: str", "to: 'Annotated[str, AfterValidator(inner)]'")
    ),
    "a function of a module beside": "import beside\n" + WIRE.format("beside.inner(to)"),
    "one imported from a module beside": "from beside import inner as other\n" + WIRE.format("other(to)"),
}


class Desk:
    """A directory with the tool's module, and what an agent does that asks before it calls it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loaded = 0

    def load(self, program: str, beside: str = BESIDE) -> Any:
        """Return the tool of a program, as a process that starts now has it."""
        self.loaded += 1
        directory = self.path / str(self.loaded)
        directory.mkdir()
        (directory / "payments.py").write_text(HEAD + program)
        (directory / "beside.py").write_text(beside)
        for name in ("payments", "beside"):
            sys.modules.pop(name, None)
        sys.path.insert(0, str(directory))
        try:
            return importlib.import_module("payments").wire
        finally:
            sys.path.remove(str(directory))

    def asks_anew(self, shown: Any, now: Callable[[], Any]) -> bool:
        """Return whether a call that was approved is asked about again once the tool is `now()`."""

        def approve(event: BeforeToolCallEvent) -> None:
            event.interrupt("ok")

        model = ScriptedModel([ToolCall("wire", {"to": "ann"}), "done"])
        agent = Agent(model=model, tools=[shown], hooks=[approve], callback_handler=None)
        first = agent("go")
        agent.tool_registry.replace(now())
        return agent(answers(first, "y")).stop_reason == "interrupt"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in ("payments", "beside"):
        monkeypatch.setitem(sys.modules, name, sys)  # put back at the end: there was none
    importlib.invalidate_caches()
    return Desk(tmp_path)


@pytest.mark.parametrize("kind", PROGRAMS)
def test_what_the_tool_names_is_part_of_what_was_approved(kind: str, desk: Desk) -> None:
    old, new = PROGRAMS[kind], PROGRAMS[kind].replace("OLD", "NEW")
    assert desk.asks_anew(desk.load(old), lambda: desk.load(new, BESIDE.replace("OLD", "NEW")))
    assert not desk.asks_anew(desk.load(old), lambda: desk.load("# a comment\n" + old))


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("STARTED = time.time()\n" + WIRE.format("STARTED"), id="the time"),
        pytest.param("from beside import STARTED\n" + WIRE.format("STARTED"), id="the time of a module beside"),
        pytest.param("from beside import ACCOUNT\nACCOUNT = time.time()\n" + WIRE.format("ACCOUNT"), id="one taken"),
        pytest.param("AT, KIND = time.time(), 1\n" + WIRE.format("AT"), id="the time beside a constant"),
        pytest.param("AT = KIND = 1\nKIND, _ = time.time(), 1\n" + WIRE.format("KIND"), id="one of two set again"),
        pytest.param("KIND = 1\nAT = KIND + time.time()\n" + WIRE.format("AT"), id="what the time is worked into"),
        pytest.param("RUN = str(uuid.uuid4())\n" + WIRE.format("RUN"), id="an id"),
        pytest.param("SEEN = [time.time()]\n" + WIRE.format("SEEN"), id="a list"),
        pytest.param("SEEN = {'at': object()}\n" + WIRE.format("SEEN"), id="a dict"),
        pytest.param(
            "def inner(to, at=time.time(), of=(object(),)):\n    return 1\n" + WIRE.format("inner(to)"), id="an object"
        ),
        pytest.param("COUNT = 0\nCOUNT = time.time_ns()\n" + WIRE.format("COUNT"), id="one that is set again"),
        pytest.param(
            f"COUNT = 0\ndef inner():\n    global COUNT\n    COUNT = time.time_ns()\ninner()\n{WIRE.format('COUNT')}",
            id="one that a function sets",
        ),
        pytest.param("class Api:\n    AT = time.time()\n" + WIRE.format("Api.AT"), id="the time in a class"),
        pytest.param(WIRE.format("os.getpid()"), id="the standard library"),
    ],
)
def test_what_may_change_while_a_program_runs_is_no_part_of_it(program: str, desk: Desk) -> None:
    assert not desk.asks_anew(desk.load(program), lambda: desk.load(program))


def test_code_that_it_does_not_name_is_no_part_of_it(desk: Desk) -> None:
    program = INNER + "def other():\n    return 'OLD OTHER'\n" + WIRE.format("inner(to)")
    assert not desk.asks_anew(desk.load(program), lambda: desk.load(program.replace("OLD OTHER", "NEW")))


def test_an_object_that_cannot_be_looked_at_is_left_alone(desk: Desk) -> None:
    program = """
class Proxy:
    __dict__ = __class__ = property(lambda self: 1 / 0)

    def __getattr__(self, name):
        raise LookupError(name)

proxy = Proxy()
class Holder:
    kept = proxy
    @functools.cached_property
    def inner(self):
        return 'OLD'
holder = Holder()
""" + WIRE.format("(proxy.send, holder.inner)")
    assert not desk.asks_anew(desk.load(program), lambda: desk.load(program))
    assert desk.asks_anew(desk.load(program), lambda: desk.load(program.replace("OLD", "NEW")))


def test_classes_that_are_odd_are_left_alone(desk: Desk) -> None:
    program = """
class Odd(type):
    def __eq__(cls, other):
        return False
class Part(metaclass=Odd):
    __module__ = property(lambda self: 'x')
class Holder(metaclass=Odd):
    part = Part()
    def inner(self):
        return 'OLD'
""" + WIRE.format("Holder().inner()")
    assert not desk.asks_anew(desk.load(program), lambda: desk.load(program))
    assert desk.asks_anew(desk.load(program), lambda: desk.load(program.replace("OLD", "NEW")))


def test_a_function_that_is_replaced_in_a_running_process_is_noticed(desk: Desk) -> None:
    wire = desk.load(PROGRAMS["a function of a module beside"])

    def replaced() -> Any:
        names: dict[str, Any] = {"__name__": "beside"}
        exec(INNER.replace("OLD", "NEW"), names)
        sys.modules["beside"].inner = names["inner"]  # type: ignore[attr-defined]
        return wire

    assert desk.asks_anew(wire, replaced)


@pytest.mark.parametrize("to", ["str", "int"])
def test_what_is_registered_for_a_type_in_a_running_process_is_noticed(to: str, desk: Desk) -> None:
    wire = desk.load(
        "@functools.singledispatch\ndef inner(to):\n    return to\n"
        "@inner.register\ndef _(to: str):\n    return to\n" + WIRE.format("inner(to)")
    )

    def registered() -> Any:
        program = sys.modules["payments"]
        exec(f"@inner.register\ndef other(to: {to}):\n    return 'NEW'\n", vars(program))
        return wire

    assert desk.asks_anew(wire, registered)


def test_modules_that_name_each_other_and_long_chains_come_to_an_end(desk: Desk) -> None:
    chain = (f"def f{number}(to):\n    return f{number + 1}(to)\n" for number in range(2 * MOST))
    beside = "import payments\n" + "".join(chain)
    program = "import payments, beside\n" + WIRE.format("payments.beside.payments.beside.f0(to)")
    near, far = (f"def f{number}(to)" for number in (MOST // 2, MOST + 2))
    for changed, asks in ((near, True), (far, False)):
        mended = beside.replace(f"{changed}:\n", f"{changed}:\n    x = 1\n")
        assert desk.asks_anew(desk.load(program, beside), partial(desk.load, program, mended)) is asks


def test_a_table_that_holds_itself_and_many_objects_comes_to_an_end(desk: Desk) -> None:
    program = API + (
        "ways = [{'plain': Api()} for _ in range(1000)]\nways[0]['all'] = [ways, [ways] * 1000]\n"
        + WIRE.format("ways[0]['plain'].send(to)")
    )
    assert not desk.asks_anew(desk.load(program), lambda: desk.load(program))
    assert desk.asks_anew(desk.load(program), lambda: desk.load(program.replace("OLD", "NEW")))


MAIN = """
import sys
from strands import Agent
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager
import payments

def approve(event: BeforeToolCallEvent) -> None:
    event.interrupt("ok")

calls = [ToolCall("wire", {"to": "ann"}), "done"] if sys.argv[1] == "ask" else ["done"]
agent = Agent(model=ScriptedModel(calls), tools=[payments.wire], hooks=[approve], callback_handler=None,
              session_manager=FileSessionManager("s", "."))
given = [{"interruptResponse": {"interruptId": each.id, "response": "y"}} for each in agent.pending_interrupts]
before = payments.wire.identity
print(agent(given or "go").stop_reason)
assert payments.wire.identity == before, "what a call loads is no change"
"""
INSIDE = '@tool\ndef wire(to: str) -> str:\n    "Send."\n    {}\n    return str(inner(to))\n'
SENDS = "def inner(to):\n    print('RAN OLD')\n"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"payments": HEAD + SENDS + WIRE.format("inner(to)")}, id="beside it"),
        pytest.param(
            {"payments": HEAD + INSIDE.format("from beside import inner"), "beside": SENDS}, id="imported inside"
        ),
        pytest.param(
            {
                "payments": HEAD + INSIDE.format("import far.beside\n    inner = far.beside.inner"),
                "far/__init__": "",
                "far/beside": "from .below import inner",
                "far/below": SENDS,
            },
            id="imported by what is imported inside",
        ),
        pytest.param(
            {"payments": HEAD + INSIDE.format("from code import inner"), "code": SENDS}, id="named like Python's"
        ),
    ],
)
def test_a_helper_that_is_edited_between_question_and_answer_does_not_run_unasked(
    files: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text(MAIN)

    def run(what: str, old: str = "OLD") -> str:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / f"{name}.py").write_text(text.replace("OLD", old))
        command = [sys.executable, "-B", "main.py", what]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert run("ask") == "interrupt\n"
    assert run("answer", "NEWER") == "interrupt\n"
    assert run("answer", "NEWER") == "RAN NEWER\nend_turn\n"
