"""One workflow of each pattern, with people in every place, and agents that answer the same in every process."""

from __future__ import annotations

import json
import re
from typing import Any

from strands.models.scripted import ScriptedModel
from support.cast import hitl, spec


def _scored(prompt: str) -> str:
    """The longer a draft, the better."""
    draft = prompt.partition("DRAFT ")[2]
    return json.dumps({"score": min(100, 30 * (1 + draft.count("better"))), "issues": ["short"], "fixes": []})


def _planned(prompt: str) -> str:
    if "round 2" in prompt:
        return "[]"
    if "round 1" in prompt:
        return '[{"task": "tidy"}]'
    return '[{"task": "dig"}, {"task": "sow"}]' if "smaller" in prompt else '[{"task": "all"}]'


PARTS = {
    "router": lambda prompt: '{"route": "deep"}' if "could not be used" in prompt else "deep, I think",
    "critic": _scored,
    "writer": lambda prompt: f"better {prompt.partition('OLD ')[2]}" if "OLD" in prompt else "draft",
    "boss": _planned,
}


def model(calls: list[str]) -> ScriptedModel:
    """Every agent repeats what it is told in brackets, but those with a part of their own."""

    def answer(messages: list[Any], tools: Any, system: str | None) -> str:
        prompt = messages[-1]["content"][-1]["text"]
        who = re.match(r"You are (\w+)\.", system or "")
        assert who is not None
        calls.append(f"{who[1]}: {prompt}")
        return PARTS.get(who[1], lambda told: f"<{told}>")(prompt)

    return ScriptedModel(answer)


def step(agent: str, input: str, **more: Any) -> dict[str, Any]:
    return {"agent": agent, "input": input, **more}


STORIES: dict[str, dict[str, Any]] = {
    "workflow": spec(
        "workflow",
        {
            "tasks": [
                {"id": "top", **step("a", "{{ topic }}")},
                {"id": "left", "deps": ["top"], **step("a", "l {{ tasks.top.response }}")},
                {"id": "right", "deps": ["top"], **step("b", "r {{ tasks.top.response }}")},
                {"id": "ask", "deps": ["left"], **hitl("Left good?", context_display="{{ tasks.left.response }}")},
                {"id": "ask2", "deps": ["right"], **hitl("Right good?")},
                {
                    "id": "end",
                    "deps": ["ask", "ask2"],
                    **step("a", "{{ tasks.ask.response }} {{ tasks.ask2.response }}"),
                },
            ]
        },
    ),
    "routing": spec(
        "routing",
        {
            "router": step("router", "Where to?", review_router=hitl("{{ router.chosen_route }}?")),
            "routes": {
                "flat": {"then": [step("a", "flat")]},
                "deep": {
                    "then": [
                        step("a", "{{ router.chosen_route }} {{ topic }}"),
                        hitl("Good?", context_display="{{ last_response }}"),
                        step("b", "{{ hitl_response }} {{ steps[0].response }}"),
                    ]
                },
            },
        },
        ["router", "a", "b"],
    ),
    "evaluator_optimizer": spec(
        "evaluator_optimizer",
        {
            "producer": "writer",
            "evaluator": step("critic", 'JSON with "score": DRAFT {{ draft }}'),
            "accept": {"min_score": 90, "max_iters": 4},
            "revise_prompt": "{{ hitl_response }} OLD {{ draft }}",
            "review_gate": hitl("Iteration {{ iteration }}: {{ evaluation.score }}"),
        },
        ["writer", "critic"],
    ),
    "orchestrator_workers": spec(
        "orchestrator_workers",
        {
            "orchestrator": step("boss", "Split {{ topic }}", limits={"max_workers": 2, "max_rounds": 3}),
            "decomposition_review": hitl("{{ task_count }} tasks?", context_display="{{ orchestrator_response }}"),
            "worker_template": {"agent": "a"},
            "reduce_review": hitl("{{ num_workers }} results?"),
            "reduce": step("b", "{{ num_workers }} {{ hitl_response }}"),
            "writeup": hitl("Title?", context_display="{{ reduce_response }}"),
        },
        ["boss", "a", "b"],
    ),
    "graph": spec(
        "graph",
        {
            "nodes": {
                "write": step("a", "{{ topic }}{% if nodes.check %} {{ nodes.check.response }}{% endif %}"),
                "check": hitl("Good?", context_display="{{ nodes.write.response }}"),
                "publish": step("b", "{{ nodes.write.response }} {{ nodes.write.iteration }}"),
            },
            "edges": [
                {"from": "write", "to": "check"},
                {
                    "from": "check",
                    "choose": [{"when": "hitl_response == 'yes'", "to": "publish"}, {"when": "else", "to": "write"}],
                },
            ],
        },
    ),
}
WITHIN = spec(
    "graph",
    {
        "nodes": {
            "write": step("a", "{{ topic }}"),
            "check": {"workflow": "check", "inputs": {"draft": "{{ last_response }}"}},
            "publish": step("a", "{{ nodes.check.response }}"),
        },
        "edges": [{"from": "write", "to": "check"}, {"from": "check", "to": "publish"}],
    },
    workflows={
        "check": spec(
            "chain",
            {
                "steps": [
                    step("a", "check {{ draft }}"),
                    hitl("Good?", context_display="{{ last_response }}"),
                    step("a", "{{ hitl_response }} {{ steps[0].response }}"),
                ]
            },
            "a",
            inputs={"required": {"draft": "string"}},
        )
    },
)
"""A workflow with another in it, whose agent has the same name."""
VARIABLES = {name: {"topic": "bees"} if name != "evaluator_optimizer" else {} for name in STORIES}
ANSWERS = {
    "workflow": {"tasks/ask": "left yes", "tasks/ask2": "right yes"},
    "routing": {"router/review": "yes"},
    "evaluator_optimizer": {"iterations/1/review": "be brief", "iterations/2/review": "continue"},
    "orchestrator_workers": {"rounds/1/review": "make it smaller", "reduce/review": "use few words", "writeup": "Bees"},
    "graph": {"nodes/check": "say more", "nodes/check#2": "yes"},
    "within": {"nodes/check/workflow/steps/1": "fine"},
}
EXPECTED = {
    "workflow": "<left yes right yes>",
    "routing": "<approved <deep bees>>",
    "evaluator_optimizer": "better better draft",
    "orchestrator_workers": "Bees",
    "graph": "<<bees say more> 2>",
    "within": "<<fine <check <bees>>>>",
}
"""The last response of each, with `ANSWERS` and "approved" to every other question."""
