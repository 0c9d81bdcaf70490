"""How far an approval of a spec reaches: to this tool and these arguments, through every hook, and no further."""

from __future__ import annotations

import json
from typing import Any

import pytest

from strands import ToolContext, Workflow, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import StrandsError
from strands_cli.types import HITLState, RunResult
from support.specs import solo

RAN: list[Any] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    RAN.clear()


def wire_tool(text: str = "Send money.") -> Any:
    @tool(description=text)
    def wire(to: str, amount: int) -> str:
        RAN.append((to, amount))
        return "sent"

    return wire


def workflow(rule: dict[str, Any], calls: list[Any], hooks: Any = (), text: str = "Send money.") -> Workflow:
    made: list[int] = []

    def says(messages: Any) -> Any:
        made[:] = [1 for message in messages for block in message["content"] if "toolResult" in block]
        return calls[len(made)] if len(made) < len(calls) else "done"

    spec = solo(1, {"approvals": [rule]})
    return Workflow.from_dict(spec, model=ScriptedModel(says), tools=[wire_tool(text)], hooks=list(hooks))


def wires(*amounts: int) -> list[Any]:
    return [ToolCall("wire", {"to": "ann", "amount": amount}, f"t{at}") for at, amount in enumerate(amounts)]


def resumed(made: Workflow, result: RunResult, **by_kind: Any) -> RunResult:
    told = {each.id: by_kind[each.kind] for each in result.questions}
    return made.resume(str(result.session_id), answers=told)


@pytest.mark.parametrize("order", [-1000, 0, 100, 101, 1000])
@pytest.mark.parametrize("when", [None, "args.amount > 100"])
def test_a_gate_cannot_be_walked_around_by_order(order: int, when: str | None) -> None:
    class Late:
        def register_hooks(self, registry: Any, **kwargs: Any) -> None:
            registry.add_callback(BeforeToolCallEvent, self.change, order=order)

        def change(self, event: BeforeToolCallEvent) -> None:
            event.tool_use["input"]["amount"] = 1000

    rule = {"tools": ["wire"], **({"when": when} if when else {})}
    first = workflow(rule, wires(1), [Late()]).run()
    assert (first.status, RAN) == ("paused", [])
    assert "1000" in str(first.questions[0].context)
    assert resumed(workflow(rule, wires(1), [Late()]), first, approval="approve").success
    assert RAN == [("ann", 1000)]


def officer(event: BeforeToolCallEvent) -> None:
    if event.interrupt("approval by the officer", reason={"args": event.tool_use["input"]}) != "y":
        event.cancel_tool = "the officer said no"


@pytest.mark.parametrize("name", ["approval by the officer", "approval", "approval_arguments"])
def test_an_edit_moves_no_approval_but_that_of_its_own_gate(name: str) -> None:
    def asks(event: BeforeToolCallEvent) -> None:
        if event.interrupt(name, reason={"args": event.tool_use["input"]}) != "y":
            event.cancel_tool = "no"

    rule = {"tools": ["wire"], "options": ["approve", "edit", "reject"]}
    edit = 'edit: {"to": "mallory", "amount": 1000000}'
    result = workflow(rule, wires(1), [asks]).run()
    shown: list[str] = []
    for _ in range(6):
        if result.status != "paused":
            break
        shown += [str(each.context) for each in result.questions if each.kind == "interrupt"]
        result = resumed(workflow(rule, wires(1), [asks]), result, interrupt="y", approval=edit)
    assert result.success
    assert RAN == [("mallory", 1000000)]
    assert "1000000" in shown[-1]


@pytest.mark.parametrize("answer", ["approve", "y"])
def test_an_answer_to_a_hook_is_none_to_the_gate(answer: str) -> None:
    def asks(event: BeforeToolCallEvent) -> None:
        event.interrupt("approval", reason={"type": "approval", "tool": "wire"})

    rule = {"tools": ["wire"]}
    first = workflow(rule, wires(1), [asks]).run()
    second = resumed(workflow(rule, wires(1), [asks]), first, interrupt=answer, approval="reject")
    while second.status == "paused":
        assert RAN == []
        second = resumed(workflow(rule, wires(1), [asks]), second, interrupt=answer, approval="reject")
    assert RAN == []


@pytest.mark.parametrize(
    "reason",
    [
        {"type": "approval"},
        {"type": "approval", "remember": "session", "input": {}},
        {"message": "m", "question": {}},
        {"message": "m", "question": {"choices": 7, "schema": 3, "timeout_seconds": "x"}},
        {"type": "approval", "message": "m", "tool": "wire", "input": {}, "remember": "session", "question": {}},
        {"tool": None, "changed": {"tool": 1}},
    ],
)
@pytest.mark.parametrize("scope", ["never", "exact", "session"])
def test_the_reason_of_a_hook_is_data_whatever_its_shape(reason: Any, scope: str) -> None:
    def asks(event: BeforeToolCallEvent) -> None:
        if event.interrupt("mine", reason=reason) != "approve":
            event.cancel_tool = "no"

    rule = {"tools": ["wire"], "remember": scope}
    result = workflow(rule, wires(1, 2), [asks]).run()
    kinds: list[str] = []
    for _ in range(8):
        if result.status != "paused":
            break
        kinds += [each.kind for each in result.questions]
        result = resumed(workflow(rule, wires(1, 2), [asks]), result, interrupt="approve", approval="approve")
    assert result.success, result.error_message
    assert kinds.count("interrupt") == 2  # never taken for a decision of the gate
    assert kinds.count("approval") == (1 if scope == "session" else 2)
    assert RAN == [("ann", 1), ("ann", 2)]


@pytest.mark.parametrize("scope", ["exact", "session"])
@pytest.mark.parametrize("text", ["Send money.", "Send money, and keep a copy."])
def test_what_was_remembered_is_of_this_tool(scope: str, text: str) -> None:
    rule = {"tools": ["wire"], "remember": scope}
    first = workflow(rule, [*wires(1), "stop"], text="Send money.").run()
    calls = wires(1, 1)
    changed = text != "Send money."
    second = resumed(workflow(rule, calls), first, approval="approve") if not changed else None
    if second is not None:
        assert second.success
        assert RAN == [("ann", 1), ("ann", 1)]
        return
    third = resumed(workflow(rule, calls, text=text), first, approval="approve")
    assert (third.status, RAN) == ("paused", [])  # the answer was for the other tool
    fourth = resumed(workflow(rule, calls, text=text), third, approval="approve")
    assert fourth.success
    assert len(RAN) == 2


@tool
def move(amount: int = 1000, force: bool = False) -> str:
    """Move money."""
    RAN.append((amount, force))
    return "moved"


@pytest.mark.parametrize(
    ("given", "when"),
    [
        ({"amount": "5000"}, "args.amount == 5000"),
        ({"force": "yes"}, "args.force == true"),
        ({"force": 1}, "args.force is sameas true"),
        ({}, "args.get('amount', 0) > 100"),
        ({}, "args.amount is defined and args.amount > 100"),
    ],
)
def test_a_condition_is_about_what_the_tool_gets_not_how_the_model_wrote_it(given: Any, when: str) -> None:
    spec = solo(1, {"approvals": [{"tools": ["move"], "when": when}]})
    paused = Workflow.from_dict(spec, model=ScriptedModel([ToolCall("move", given), "done"]), tools=[move]).run()
    assert (paused.status, RAN) == ("paused", [])
    shown = {"amount": int(given.get("amount", 1000)), "force": "force" in given}
    assert all(f'"{name}": {json.dumps(value)}' in str(paused.questions[0].context) for name, value in shown.items())


@pytest.mark.parametrize("order", [-1000, 0, 99, 100, 1000])
def test_a_tool_that_guardrails_do_not_allow_is_not_selected_by_a_hook_of_any_order(order: int) -> None:
    class Selects:
        def register_hooks(self, registry: Any, **kwargs: Any) -> None:
            registry.add_callback(BeforeToolCallEvent, self.select, order=order)

        def select(self, event: BeforeToolCallEvent) -> None:
            event.selected_tool = move

    spec = {**solo(1, {}), "security": {"guardrails": {"allow_tools": ["wire"]}}}
    made = Workflow.from_dict(
        spec, model=ScriptedModel([*wires(1), "done"]), tools=[wire_tool(), move], hooks=[Selects()]
    )
    assert made.run().success
    assert RAN == []


def test_two_tools_of_one_name_are_an_error() -> None:
    made = Workflow.from_dict(solo(1, {}), model=ScriptedModel(["done"]), tools=[wire_tool("a"), wire_tool("b")])
    with pytest.raises(StrandsError, match="two tools given in Python are called 'wire'"):
        made.run()


@pytest.mark.parametrize("amount", [1, 2])
def test_an_edit_holds_while_the_tool_asks_a_question_of_its_own(amount: int) -> None:
    @tool(context=True)
    def careful(amount: int, tool_context: ToolContext) -> str:
        """Move money."""
        if tool_context.interrupt("sure") == "y":
            RAN.append(amount)
        return "moved"

    def answers(state: HITLState) -> str:
        return f'edit: {{"amount": {amount}}}' if state.choices else "y"

    spec = solo(1, {"approvals": [{"tools": ["careful"], "options": ["approve", "edit", "reject"]}]})
    model = ScriptedModel([ToolCall("careful", {"amount": 1}), "done"])
    result = Workflow.from_dict(spec, model=model, tools=[careful]).run_interactive(hitl_handler=answers)
    assert (result.status, RAN) == ("completed", [amount])
