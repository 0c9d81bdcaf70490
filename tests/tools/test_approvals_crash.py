"""A process dies at any write around an approval: nothing runs unapproved, and nothing approved runs twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from strands import tool
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands_cli.session.memory import MemorySessionRepository
from support.crash import Death, Story, When
from support.specs import solo

RULE = {"tools": ["delete"], "options": ["approve", "edit", "reject"], "remember": "exact"}


class Deleter:
    """A story in which an agent deletes twice, the same and another file."""

    def __init__(self, answer: Any) -> None:
        self.deleted: list[str] = []
        deleted = self.deleted

        @tool
        def delete(path: str) -> str:
            """Delete a file."""
            deleted.append(path)
            return f"deleted {path}"

        self.story = Story(solo(2, {"approvals": [RULE]}), self.model, default_answer=answer, tools=[delete])

    @staticmethod
    def model(calls: list[str]) -> ScriptedModel:
        def reply(messages: list[Any]) -> Reply:
            last = messages[-1]["content"][0]
            if "toolResult" in last:
                return Reply("done")
            number = last["text"].removeprefix("task ")
            return Reply(tool_calls=[ToolCall("delete", {"path": f"{number}.txt"}, f"t{number}")])

        return ScriptedModel(reply)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("answer", "deleted"),
    [
        ("approve", ["1.txt", "2.txt"]),
        ("reject: no", []),
        ('edit: {"path": "mine"}', ["mine", "mine"]),
    ],
)
def test_a_death_at_any_write(when: When, answer: str, deleted: list[str]) -> None:
    death = Death()
    whole = Deleter(answer)
    assert asyncio.run(whole.story.play(MemorySessionRepository(), death)).success
    assert whole.deleted == deleted
    assert death.writes > 10
    skipped = 0
    for at in range(1, death.writes + 1):
        told = Deleter(answer)
        result = asyncio.run(told.story.play(MemorySessionRepository(), Death(at, when)))
        assert result.success, f"death {when} write {at}"
        remaining = list(deleted)
        for path in told.deleted:
            assert path in remaining, f"death {when} write {at}: {told.deleted}"
            remaining.remove(path)
        skipped += len(remaining)
    # A call in doubt is skipped in this story: one death for each call falls between its start and its record.
    assert skipped <= len(deleted)
