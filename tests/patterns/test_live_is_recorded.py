"""What a template sees is what is on record: the same in the process that wrote it as in any later one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from strands.models.scripted import ScriptedModel
from strands_cli.session.memory import MemorySessionRepository
from support.cast import hitl, spec
from support.crash import Death, Story
from support.pattern_stories import PARTS

SHOWN = (
    "steps",
    "tasks",
    "nodes",
    "branches",
    "iterations",
    "evaluation",
    "workers",
    "subtasks",
    "router",
    "reduce",
    "last_response",
    "hitl_response",
    "execution_path",
    "inputs",
)
EVERYTHING = " ".join(f"{name}={{{{ {name} | default('-') | tojson }}}}" for name in SHOWN)
"""Every name that a pattern offers, whole: tokens, durations, answers of any shape."""

FORM = {"type": "object", "properties": {"n": {}}}


def step(agent: str, more: str = "", **options: Any) -> dict[str, Any]:
    return {"agent": agent, "input": f"{more}{EVERYTHING}", **options}


def asked(**more: Any) -> dict[str, Any]:
    return hitl(f"Good? {EVERYTHING}", context_display=EVERYTHING, schema=FORM, **more)


PATTERNS: dict[str, dict[str, Any]] = {
    "chain": spec("chain", {"steps": [step("a"), asked(), step("b"), step("a")]}),
    "workflow": spec(
        "workflow",
        {
            "tasks": [
                {"id": "top", **step("a")},
                {"id": "left", "deps": ["top"], **step("b")},
                {"id": "ask", "deps": ["top"], **asked()},
                {"id": "end", "deps": ["left", "ask"], **step("a")},
            ]
        },
    ),
    "parallel": spec(
        "parallel",
        {
            "branches": [
                {"id": "x", "steps": [step("a"), asked(), step("b")]},
                {"id": "y", "steps": [step("a"), step("a")]},
            ],
            "reduce": step("b"),
        },
    ),
    "graph": spec(
        "graph",
        {
            "nodes": {"write": step("a"), "check": asked(), "end": step("b")},
            "edges": [
                {"from": "write", "to": "check"},
                {
                    "from": "check",
                    "choose": [
                        {"when": "nodes.write.iteration == 2", "to": "end"},
                        {"when": "else", "to": "write"},
                    ],
                },
            ],
            "max_iterations": 3,
        },
    ),
    "routing": spec(
        "routing",
        {
            "router": step("router", "Where to? "),
            "routes": {"deep": {"then": [step("a"), asked(), step("b")]}, "flat": {"then": [step("a")]}},
        },
        ["router", "a", "b"],
    ),
    "evaluator_optimizer": spec(
        "evaluator_optimizer",
        {
            "producer": "writer",
            "evaluator": step("critic", 'JSON with "score": DRAFT {{ draft }} '),
            "accept": {"min_score": 90, "max_iters": 4},
            "revise_prompt": f"{EVERYTHING} OLD {{{{ draft }}}}",
            "review_gate": hitl(f"Go on? {EVERYTHING}", context_display=EVERYTHING),
        },
        ["writer", "critic"],
    ),
    "orchestrator_workers": spec(
        "orchestrator_workers",
        {
            "orchestrator": step("boss", "Split ", limits={"max_workers": 2, "max_rounds": 1}),
            "worker_template": {"agent": "a", "input": f"{{{{ task }}}} {EVERYTHING}"},
            "reduce_review": hitl(f"Enough? {EVERYTHING}", context_display=EVERYTHING),
            "reduce": step("b"),
            "writeup": step("a"),
        },
        ["boss", "a", "b"],
    ),
}


def model(calls: list[str]) -> ScriptedModel:
    """Notes whole contexts: the prompts, and what was said before in the same conversation."""

    def answer(messages: list[Any], tools: Any, system: str | None) -> str:
        who = (system or "").removeprefix("You are ").rstrip(".")
        prompt = messages[-1]["content"][-1]["text"]
        calls.append(f"{who}: {json.dumps([each['content'] for each in messages])}")
        if who == "boss":
            return '[{"task": "dig"}, {"task": "sow"}]'
        return PARTS.get(who, lambda told: f"<{len(told)}>")(prompt)

    return ScriptedModel(answer)


def story(name: str, output: Path) -> Story:
    artifacts = [{"path": "out.json", "from": "{{ execution_context | tojson }}"}]
    form = name not in ("evaluator_optimizer", "orchestrator_workers")
    return Story(
        {**PATTERNS[name], "outputs": {"artifacts": artifacts}},
        model,
        default_answer={"n": [1, None, 0.1, {"k": True}]} if form else "yes",
        output_dir=str(output),
    )


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", PATTERNS)
def test_prompts_contexts_and_artifacts_are_the_same_wherever_a_process_dies(
    name: str, when: Any, tmp_path: Path
) -> None:
    """Seconds differ from run to run, so calls are counted: one that is made again is made with the same context."""
    whole, undisturbed = Death(), story(name, tmp_path / "0")
    assert asyncio.run(undisturbed.play(MemorySessionRepository(), whole)).success
    for at in range(1, whole.writes + 1):
        told = story(name, tmp_path / f"{at}")
        result = asyncio.run(told.play(MemorySessionRepository(), Death(at, when)))
        assert result.exit_code == 0, f"death {when} write {at}: {result.error_message}"
        assert len(set(told.calls)) == len(set(undisturbed.calls)), f"death {when} write {at}: another context"
        written = json.loads((tmp_path / f"{at}" / "out.json").read_text())
        assert written == (result.execution_context or written)
