"""evaluator_optimizer: one agent drafts, another scores, until a draft is good enough or a person ends it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from strands_cli.errors import ExecutionError
from support.cast import Cast, hitl, spec

GATE = hitl(
    "Iteration {{ iteration_index }}?",
    context_display="{% set i = iterations[-1] %}{{ i.draft_preview }} {{ i.score }} {{ i.issues | join(',') }}",
)


def loop(min_score: float = 80, max_iters: int = 3, **config: Any) -> dict[str, Any]:
    whole = {
        "producer": "writer",
        "evaluator": {"agent": "critic", "input": 'Score in JSON: {"score": ...}\n{{ draft }}'},
        "accept": {"min_score": min_score, "max_iters": max_iters},
        **config,
    }
    data = spec("evaluator_optimizer", whole, ["writer", "critic"])
    data["agents"]["writer"]["prompt"] = "You are writer. Write on {{ topic }}."
    return data


def score(number: float, *issues: str, fixes: tuple[str, ...] = ()) -> str:
    return json.dumps({"score": number, "issues": issues, "fixes": fixes})


def test_a_draft_that_scores_enough_is_accepted() -> None:
    cast = Cast(loop(), {"writer": "draft", "critic": score(80)})
    result = cast.run(topic="bees")
    assert (result.success, result.last_response, result.agent_id) == (True, "draft", "writer")
    assert cast.prompts("writer") == ["You are writer. Write on bees."]
    assert cast.prompts("critic") == ['Score in JSON: {"score": ...}\ndraft']
    context = result.execution_context
    assert (context["final_score"], context["accepted"]) == (80, True)
    [iteration] = context["iterations"]
    assert (iteration["producer_response"], iteration["score"], iteration["issues"]) == ("draft", 80, [])


def test_a_draft_is_revised_with_what_the_evaluator_said() -> None:
    cast = Cast(loop(), {"writer": ["one", "two"], "critic": [score(40, "dull", fixes=("wake up",)), score(90)]})
    result = cast.run(topic="bees")
    assert result.last_response == "two"
    told = cast.prompts("writer")[1]
    assert "40 of 100" in told
    assert "- dull" in told
    assert "- wake up" in told
    assert told.endswith("one")
    assert [each["score"] for each in result.execution_context["iterations"]] == [40, 90]


def test_the_authors_revise_prompt() -> None:
    prompt = "{{ iteration }} {{ evaluation.score }} {{ current_evaluation.issues[0] }} {{ draft }} {{ current_draft }}"
    cast = Cast(loop(revise_prompt=prompt), {"writer": ["one", "two"], "critic": [score(40, "dull"), score(90)]})
    cast.run(topic="bees")
    assert cast.prompts("writer")[1] == "2 40 dull one one"


def test_the_producer_keeps_its_conversation_and_the_evaluator_judges_afresh() -> None:
    cast = Cast(loop(), {"writer": ["one", "two"], "critic": [score(40), score(90)]})
    cast.run(topic="x")
    assert [(name, len(messages)) for (name, _), messages in zip(cast.told, cast.requests, strict=True)] == [
        ("writer", 1),
        ("critic", 1),
        ("writer", 3),
        ("critic", 1),
    ]


def test_an_agent_may_judge_its_own_draft() -> None:
    data = loop(evaluator={"agent": "writer", "input": 'JSON, {"score"}: {{ draft }}'})
    cast = Cast(data, {"writer": ["one", score(90)]})
    assert cast.run(topic="x").last_response == "one"
    assert len(cast.requests[1]) == 1


def test_not_accepted_in_time_fails_with_the_best_draft() -> None:
    cast = Cast(loop(max_iters=3), {"writer": ["one", "two", "three"], "critic": [score(40), score(70), score(60)]})
    result = cast.run(topic="x")
    assert (result.success, result.status, result.exit_code) == (False, "failed", 10)
    assert result.last_response == "two"
    assert "no draft reached 80 within max_iters 3: the best one has 70" in str(result.error_message)
    assert len(result.execution_context["iterations"]) == 3
    assert result.execution_context["accepted"] is False


def test_an_evaluator_that_is_not_told_of_the_draft_or_the_form_is() -> None:
    cast = Cast(loop(evaluator={"agent": "critic", "input": "How good?"}), {"writer": "draft", "critic": score(90)})
    cast.run(topic="x")
    [told] = cast.prompts("critic")
    assert told.startswith("How good?\n\nThe draft:\ndraft")
    assert '{"score": a number from 0 to 100' in told


def test_an_evaluator_without_an_input_is_told_its_prompt() -> None:
    data = loop(evaluator={"agent": "critic"})
    data["agents"]["critic"]["prompt"] = 'You are critic. Judge {{ draft }} as JSON {"score": 0}.'
    cast = Cast(data, {"writer": "draft", "critic": score(90)})
    cast.run(topic="x")
    assert cast.prompts("critic") == ['You are critic. Judge draft as JSON {"score": 0}.']


def test_a_malformed_evaluation_is_asked_again_with_the_problem_named() -> None:
    cast = Cast(loop(), {"writer": "draft", "critic": ["I like it", '{"score": 300}', score(85)]})
    assert cast.run(topic="x").success
    _, second, third = cast.prompts("critic")
    assert "no JSON" in second
    assert "300 is not from 0 to 100" in third
    assert len(cast.prompts("writer")) == 1


def test_an_evaluation_that_stays_malformed_fails_by_name() -> None:
    with pytest.raises(
        ExecutionError, match="agent 'critic' gave no usable answer for 'iterations/1/evaluation' in 3 tries"
    ):
        Cast(loop(), {"writer": "draft", "critic": "lovely"}).run(topic="x")


def gated(**more: Any) -> Cast:
    return Cast(
        loop(review_gate=GATE, **more),
        {"writer": ["one", "two", "three"], "critic": [score(40, "dull"), score(60), score(50)]},
    )


def test_the_gate_opens_after_each_evaluation_that_does_not_accept() -> None:
    cast = gated()
    paused = cast.run(topic="x")
    [question] = paused.questions
    assert (question.id, question.prompt, question.context) == ("iterations/1/review", "Iteration 0?", "one 40 dull")
    again = cast.resume(paused, "continue")
    assert again.questions[0].id == "iterations/2/review"
    last = cast.resume(again, "continue")
    assert last.questions[0].id == "iterations/3/review", "it opens even when no iteration is left"
    result = cast.resume(last, "continue")
    assert (result.success, result.last_response) == (False, "two")
    assert len(cast.prompts("writer")) == 3, "max_iters counts over all resumes"


@pytest.mark.parametrize("answer", ["stop", "Abort", "end", "accept", "Approve.", "approved"])
def test_the_gate_ends_it_with_the_current_draft(answer: str) -> None:
    cast = gated()
    result = cast.resume(cast.run(topic="x"), answer)
    assert (result.status, result.last_response) == ("completed", "one")
    assert result.execution_context["accepted"] is answer.lower().startswith(("accept", "approve"))
    assert len(cast.told) == 2


def test_any_other_text_is_feedback_that_the_producer_gets() -> None:
    cast = gated(revise_prompt="Again.")
    again = cast.resume(cast.run(topic="x"), "mention honey")
    assert cast.prompts("writer")[1] == "Again.\n\nThe reviewer's feedback:\nmention honey"
    cast.resume(again, "continue")
    assert cast.prompts("writer")[2] == "Again."
    result = cast.resume(again, "stop") if again.status != "paused" else None
    assert result is None


def test_feedback_that_the_author_places_himself_is_not_told_twice() -> None:
    cast = gated(revise_prompt="{{ hitl_response }}, {{ iterations[-1].feedback }}!")
    result = cast.resume(cast.run(topic="x"), "mention honey")
    assert cast.prompts("writer")[1] == "mention honey, mention honey!"
    final = cast.resume(result, "stop")
    assert [each["feedback"] for each in final.execution_context["iterations"]] == ["mention honey", ""]


def test_the_gate_stays_shut_when_the_draft_is_accepted() -> None:
    cast = Cast(loop(review_gate=GATE), {"writer": "one", "critic": score(99)})
    assert cast.run(topic="x").success


def test_variables_may_have_the_names_that_the_pattern_only_offers() -> None:
    data = loop(evaluator={"agent": "critic", "input": 'JSON "score": {{ feedback }} {{ score }} {{ draft }}'})
    data["inputs"] = {"values": {"feedback": "mine", "score": "my score"}}
    cast = Cast(data, {"writer": ["one", "two"], "critic": [score(40), score(90)]})
    assert cast.run(topic="x").success
    assert cast.prompts("critic") == ['JSON "score": mine my score one', 'JSON "score": mine my score two']


def test_a_prompt_may_ask_whether_there_is_a_draft_yet() -> None:
    data = loop()
    data["agents"]["writer"]["prompt"] = "You are writer. {% if draft %}Not {{ draft }}.{% else %}Begin.{% endif %}"
    cast = Cast(data, {"writer": "one", "critic": score(90)})
    assert cast.run().success
    assert cast.prompts("writer") == ["You are writer. Begin."]
