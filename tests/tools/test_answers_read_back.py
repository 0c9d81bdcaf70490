"""What is taken as an answer can be read by every later process: nothing on record ends a session for good."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strands import SessionManager, Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.tools.mcp.forms import FormError, read_answer
from strands.types.json_value import MAX_DEPTH
from strands_cli.errors import InvalidAnswerError
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft
from strands_cli.session import answers
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.types import HITLState
from support.specs import solo

DEEP = '{"to": ' + "[" * 2000 + "]" * 2000 + "}"
TOO_DEEP = '{"to": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}"
RULE = {"tools": ["send"], "options": ["approve", "edit", "reject"]}


class Sender:
    """An agent that may send anything, and what it sent."""

    def __init__(self, to: Any = "alice") -> None:
        self.sent: list[Any] = []
        self.repository = MemorySessionRepository()
        self._to = to

    def workflow(self) -> Workflow:
        sent = self.sent

        @tool
        def send(to: Any) -> str:
            """Send."""
            sent.append(to)
            return "sent"

        model = ScriptedModel(
            lambda messages: "done" if len(messages) > 1 else ToolCall("send", {"to": self._to}, "t1")
        )
        spec = solo(1, {"approvals": [RULE]})
        return Workflow.from_dict(spec, model=model, tools=[send], repository=self.repository)

    def resumed(self, session_id: str | None, answer: Any, **more: Any) -> Any:
        """Answer the newest question, in a process of its own."""
        workflow = self.workflow()
        [question] = self.session(str(session_id)).questions
        return workflow.resume(str(session_id), answers={question.id: answer}, **more)

    def session(self, session_id: str) -> Any:
        return SessionManager(repository=self.repository).get_session(session_id)


WRITTEN = [
    pytest.param(DEEP, "inside each other", id="deep"),
    pytest.param(TOO_DEEP, "inside each other", id="a little too deep"),
    pytest.param('{"to": "me", "to": "you"}', "'to' twice", id="a key twice"),
    pytest.param('{"to": "\\ud800"}', "not Unicode", id="half of a surrogate pair"),
    pytest.param('{"to": NaN}', "not finite", id="NaN"),
    pytest.param('{"to": 1e999}', "not finite", id="too large"),
]


@pytest.mark.parametrize(("written", "says"), WRITTEN)
@pytest.mark.parametrize("form", ["edit: {}", "edit:{}", '{{"decision": "edit", "arguments": {}}}'])
def test_arguments_that_cannot_be_read_are_refused_at_the_door(form: str, written: str, says: str) -> None:
    sender = Sender()
    result = sender.workflow().run()
    with pytest.raises(InvalidAnswerError, match=says):
        sender.resumed(result.session_id, form.format(written))
    assert sender.resumed(result.session_id, "approve").success
    assert sender.sent == ["alice"]


@pytest.mark.parametrize(("written", "says"), WRITTEN)
def test_they_are_refused_in_the_form_as_well(written: str, says: str) -> None:
    sender = Sender()
    result = sender.resumed(sender.workflow().run().session_id, "edit")
    with pytest.raises(InvalidAnswerError, match=says):
        sender.resumed(result.session_id, written)
    assert sender.resumed(result.session_id, '{"to": "bob"}').success
    assert sender.sent == ["bob"]


@pytest.mark.parametrize("written", ["later", "[1]", '"to"', '{"to": '])
def test_what_is_behind_edit_is_an_object(written: str) -> None:
    sender = Sender()
    result = sender.workflow().run()
    with pytest.raises(InvalidAnswerError, match="behind edit: is no"):
        sender.resumed(result.session_id, f"edit: {written}")


def test_a_handler_is_told_and_asked_again() -> None:
    sender, problems = Sender(), []
    given = iter([f"edit: {DEEP}", "approve"])

    def answer(state: HITLState) -> str:
        problems.append(state.problem)
        return next(given)

    assert sender.workflow().run_interactive(hitl_handler=answer).success
    assert problems[0] is None
    assert "inside each other" in str(problems[1])


@pytest.mark.parametrize("recorded", [f"edit: {DEEP}", f"edit: {TOO_DEEP}", 'edit: {"to": 1, "to": 2}'])
def test_one_that_an_earlier_release_took_is_asked_for_again(recorded: str) -> None:
    sender = Sender()
    session_id = str(sender.workflow().run().session_id)
    sender_records(sender, session_id, recorded)
    result = sender.workflow().resume(session_id)
    assert result.status == "paused", result.error_message
    assert "Not taken" in result.questions[0].prompt
    assert sender.resumed(session_id, {"to": "bob"}).success
    assert sender.sent == ["bob"]


def test_a_form_that_is_too_deep_and_on_record_is_asked_for_again() -> None:
    sender = Sender()
    result = sender.resumed(sender.workflow().run().session_id, "edit")
    value: Any = "bob"
    for _ in range(3 * MAX_DEPTH):
        value = [value]
    sender_records(sender, str(result.session_id), {"to": value})
    assert sender.workflow().resume(str(result.session_id)).status == "paused"
    assert sender.resumed(result.session_id, {"to": "bob"}).success
    assert sender.sent == ["bob"]


def sender_records(sender: Sender, session_id: str, value: Any) -> None:
    """Write an answer as a release did that looked at it less closely."""

    async def write() -> None:
        journal = await sender.repository.open(session_id)
        state = State(await journal.load())
        [asked] = state.open_questions()
        data = {"value": value, "by": "somebody", "channel": "python", "of": asked.data["of"]}
        assert await answers.append(journal, state, [Draft("answered", asked.key, data, time.time())])

    asyncio.run(write())


@pytest.mark.parametrize("depth", [MAX_DEPTH - depth for depth in (10, 4, 3, 2, 1)])
def test_a_model_may_nest_arguments_as_deep_as_any_value(depth: int) -> None:
    to: Any = "alice"
    for _ in range(depth):
        to = [to]
    sender = Sender(to)
    result = sender.resumed(sender.workflow().run().session_id, "edit")
    assert result.questions[0].schema["properties"]["to"]["default"] == to
    assert sender.resumed(result.session_id, {"to": to}).success
    assert sender.sent == [to]


@pytest.mark.parametrize("depth", [MAX_DEPTH, 500, 3_000, 100_000])
def test_arguments_of_a_model_that_are_deeper_are_an_error_to_the_model(depth: int) -> None:
    deep = ToolCall("send", raw_input='{"to": ' + "[" * depth + "]" * depth + "}")
    model = ScriptedModel([deep, "done"])
    sent: list[Any] = []

    @tool
    def send(to: Any) -> str:
        """Send."""
        sent.append(to)
        return "sent"

    assert Workflow.from_dict(solo(1, {"approvals": [RULE]}), model=model, tools=[send]).run().success
    assert sent == []
    assert "Nothing was run" in str(model.requests[-1].messages[-1])


@pytest.mark.parametrize("written", ['{"name": "a", "name": "b"}', '{"name": ' + "[" * 2000, '{"name": "\\udc00"}'])
def test_the_form_of_a_server_is_read_as_closely(written: str) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    with pytest.raises(FormError):
        read_answer(schema, written)


PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=3), below, max_size=3)
    ),
    max_leaves=5,
)
TEXTS = st.builds(
    lambda begin, key, depth, value, end: f"{begin}{key}{'[' * depth}{value}{']' * depth}{end}",
    st.sampled_from(["", "edit: ", "edit:", "Edit : ", "reject: ", "approve: ", '{"decision": "edit", "arguments": ']),
    st.sampled_from(["", '{"to": ', '{"to": 1, "to": ', '{"to": 1, "also": ']),
    st.sampled_from([0, 1, MAX_DEPTH - 1, MAX_DEPTH, 1_500]),
    st.sampled_from(["", "1", '"a"', '"\\ud800"', "NaN", "1e999", "null", "9" * 5_000, '"\\u0000"', "\ud800"]),
    st.sampled_from(["", "}", "}}", "}} "]),
)
ANSWERS = (
    st.sampled_from(["approve", "edit", "reject", "", " ", None, "yes", "1"])
    | TEXTS
    | PARTS
    | st.fixed_dictionaries({"decision": st.sampled_from(["approve", "edit", "reject"])}, optional={"arguments": PARTS})
    | st.fixed_dictionaries({"decision": st.just("edit"), "arguments": st.fixed_dictionaries({"to": PARTS})})
)


@given(first=ANSWERS, second=TEXTS | st.fixed_dictionaries({"to": PARTS}))
@settings(max_examples=80, deadline=None)
def test_whatever_is_taken_can_be_resumed_from(first: Any, second: Any) -> None:
    sender = Sender()
    result = sender.workflow().run()
    for answer in (first, second, "reject", {"to": "bob"}):
        if result.status == "completed":
            break
        try:
            result = sender.resumed(result.session_id, answer)
        except InvalidAnswerError:
            open_before = result.questions
            result = sender.workflow().resume(str(result.session_id))
            assert result.questions == open_before
        assert result.status in ("paused", "completed"), result.error_message
