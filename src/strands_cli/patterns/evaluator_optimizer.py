"""evaluator_optimizer: one agent drafts, another scores, until a draft is good enough or a person ends it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from strands_cli.errors import ExecutionError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.loader.names import own_first
from strands_cli.loader.template import render
from strands_cli.patterns import shapes
from strands_cli.patterns.answers import RETRIES, Malformed, asks_for, understood, word
from strands_cli.patterns.shapes import REVISION
from strands_cli.patterns.step import Context, Done, StepResult, answered, ask, including, offering, prompt_for, text
from strands_cli.patterns.step_flow import step
from strands_cli.plan.model import Edge, Node, Plan, step_node

if TYPE_CHECKING:
    from strands_cli.spec.evaluator_optimizer import EvaluatorOptimizerConfig
    from strands_cli.spec.steps import AgentCall, Step

ENDS = frozenset(("stop", "abort", "end"))
ACCEPTS = frozenset(("accept", "accepted", "approve", "approved"))
GOES_ON = frozenset(("continue", "proceed", "next", "go on", "yes", "y", "no", "n", "ok", "okay"))
_ANSWERS = "accept the draft, continue with the next one, stop with this one, or feedback for the next"
PREVIEW = 500
_ITERATION = re.compile(r"iterations/(?P<number>\d+)/(?P<part>draft|review)")


async def run(config: EvaluatorOptimizerConfig, run: Run, names: Names) -> Outcome:
    """Draft, evaluate and revise; the iterations count over the whole run, however often it was resumed."""
    needed, most = config.accept.min_score, config.accept.max_iters
    scope = offering({**names, "iterations": []}, min_score=needed, max_iters=most)
    for number in range(1, most + 1):
        scope = await _iterated(config, run, scope, number)
        if scope["evaluation"]["score"] >= needed:
            return _outcome(config, scope, accepted=True)
        if config.review_gate is not None:
            answer = await ask(run, config.review_gate, scope, f"iterations/{number}/review", hint=_ANSWERS)
            said = word(answer.response)
            if said in ENDS or said in ACCEPTS:
                return _outcome(config, answered(scope, answer), accepted=said in ACCEPTS)
            feedback = "" if said in GOES_ON else text(answer.response)
            newest = {**scope["iterations"][-1], "feedback": feedback}
            scope = {**answered(scope, answer), "iterations": [*scope["iterations"][:-1], newest]}
            scope = offering(scope, feedback=feedback)
    best = max(reversed(scope["iterations"]), key=lambda each: each["score"])
    failed = _outcome(config, {**scope, "draft": best["draft"]}, accepted=False)
    failed.error = f"no draft reached {needed:g} within max_iters {most}: the best one has {best['score']:g}"
    return failed


async def _iterated(config: EvaluatorOptimizerConfig, run: Run, names: dict[str, Any], number: int) -> dict[str, Any]:
    """Have a draft made and evaluated, and return the names in scope then."""
    scope = offering({**names, "iteration": number}, iteration_index=number - 1, iteration_count=number)
    if number == 1:
        prompt = run.default_prompt(config.producer, own_first(scope))
    else:
        prompt = render(config.revise_prompt, own_first(scope)) if config.revise_prompt else render(REVISION, scope)
        prompt = including(prompt, "The reviewer's feedback:", scope["iterations"][-1]["feedback"])
    reply = await run.agent(f"iterations/{number}/draft", config.producer, prompt, names=own_first(scope), goes_on=True)
    draft = reply.text
    scope = {**scope, "draft": draft, "current_draft": draft, "last_response": draft}
    evaluation = await _evaluated(config, run, scope, number)
    done = {"iteration": number, "draft": draft, "draft_preview": draft[:PREVIEW], "producer_response": draft}
    done = {**done, **evaluation, "feedback": "", "tokens": reply.tokens, "duration": reply.duration}
    done["stop_reason"] = reply.stop_reason
    scope = {**scope, "evaluation": evaluation, "current_evaluation": evaluation}
    return offering({**scope, "iterations": [*scope["iterations"], done]}, **evaluation, feedback="")


async def _evaluated(config: EvaluatorOptimizerConfig, run: Run, names: dict[str, Any], number: int) -> dict[str, Any]:
    """Have the draft scored, in a lane of its own: what it said of earlier drafts must not sway it."""
    key = f"iterations/{number}/evaluation"
    if "agent" not in vars(config.evaluator):
        scored = partial(step, run, cast("Step", config.evaluator), names, key)
        return _score((await run.all({key: scored}))[key], key)
    evaluator = cast("AgentCall", config.evaluator)
    prompt, own = prompt_for(run, evaluator, names), run.default_prompt(evaluator.agent, own_first(names))
    if names["draft"].strip() not in own:
        prompt = including(prompt, "The draft:", names["draft"])
    if not asks_for(f"{prompt}\n{own}".replace(names["draft"], ""), "json", "score"):
        prompt = f"{prompt}\n\n{shapes.EVALUATION}"
    turn = (
        number if number < config.accept.max_iters else number + 1
    )  # a rehearsal accepts the last draft, be it the first
    expects = {"kind": "evaluator", "min_score": config.accept.min_score, "iteration": turn}
    job = partial(
        understood, run, evaluator, names, key, prompt, shapes.evaluation, shape=shapes.EVALUATION, expects=expects
    )
    return (await run.all({key: job}))[key][1]


def _score(result: StepResult, key: str) -> dict[str, Any]:
    """Return what a tool says of a draft."""
    try:
        return shapes.evaluation(result.response)
    except Malformed as error:
        raise ExecutionError(f"{key!r}: what it returned cannot be used: {error}", hint=shapes.EVALUATION) from None


def _outcome(config: EvaluatorOptimizerConfig, names: dict[str, Any], *, accepted: bool) -> Outcome:
    iterations, draft = names["iterations"], names["draft"]
    total = {"final_score": iterations[-1]["score"], "accepted": accepted, "total_iterations": len(iterations)}
    scope = offering({**names, "last_response": draft}, **total)
    return Outcome(draft, {"iterations": iterations, "history": iterations, **total}, scope, config.producer)


def plan(config: EvaluatorOptimizerConfig) -> Plan:
    """Return the loop of draft, evaluation and review."""
    most = config.accept.max_iters
    draft = Node("iterations/*/draft", "agent", config.producer, group="iterations", at_most=most)
    scored = step_node(config.evaluator, "iterations/*/evaluation", group="iterations", at_most=most * (1 + RETRIES))
    nodes, edges, below = [draft, scored], [Edge(draft.id, scored.id)], f"score below {config.accept.min_score:g}"
    if config.review_gate is None:
        edges.append(Edge(scored.id, draft.id, below))
    else:
        gate = step_node(config.review_gate, "iterations/*/review", group="iterations", at_least=0, at_most=most)
        nodes.append(gate)
        edges += [Edge(scored.id, gate.id, below), Edge(gate.id, draft.id, "go on")]
    return Plan(tuple(nodes), tuple(edges), (draft.id,), tuple(node.id for node in nodes[1:]))


def so_far(done: Done) -> Context:
    """Return the drafts that are made, and what people said of them."""
    iterations: dict[int, dict[str, Any]] = {}
    for key, shown in done.items():
        match = _ITERATION.fullmatch(key)
        if match is None:
            continue
        number = int(match["number"])
        one = iterations.setdefault(number, {"iteration": number})
        if match["part"] == "draft":
            draft = shown["response"]
            one.update(draft=draft, producer_response=draft, tokens=shown["tokens"], duration=shown["duration"])
        else:
            one["feedback"] = shown["response"]
    return {"iterations": [iterations[number] for number in sorted(iterations)], "total_iterations": len(iterations)}
