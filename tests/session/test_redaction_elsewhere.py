"""What a guardrail takes back in a workflow, or of an agent used as a tool, is nowhere at rest either."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.models import Model
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager, SnapshotSessionManager
from strands.storage import LocalFileStorage
from strands_cli.api import Workflow
from strands_cli.errors import UnusableReplyError
from strands_cli.kernel.state import State
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository
from support.guarded import SECRET, TAKEN, GuardedModel


class Guarded(GuardedModel):
    """Calls its tools in turn, then says "Fine."."""

    def __init__(self, *tools: str, stop: str = "end_turn") -> None:
        super().__init__()
        self.tools = list(tools)
        self.stop = stop

    def stop_of(self, blocked: bool) -> str:
        return self.stop if blocked else "end_turn"

    def tool_for(self, messages: Any, blocked: bool) -> tuple[str, str] | None:
        done = sum(message["role"] == "assistant" for message in messages)
        if (blocked and self.stop != "end_turn") or done >= len(self.tools):
            return None
        return self.tools[done], '{"input": "go"}'


@tool
def look(input: str) -> str:
    """Look."""
    return f"I saw {SECRET}."


def chain(*inputs: str) -> dict[str, Any]:
    return {
        "version": 0,
        "name": "chain",
        "runtime": {"provider": "scripted"},
        "agents": {"chief": {"prompt": "You are chief."}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "chief", "input": each} for each in inputs]}},
    }


def holders(directory: Path, text: str = SECRET) -> list[str]:
    return [file.name for file in directory.rglob("*") if file.is_file() and text.encode() in file.read_bytes()]


def conversation(repository: Any) -> str:
    """Return what the agent of the session "s" said and was told, as a new process reads it."""

    async def main() -> str:
        state = State(await (await repository.open("s")).load())
        return json.dumps([state.conversation(*each) for each in state.lanes])

    return asyncio.run(main())


def flow(data: dict[str, Any], model: Model, repository: Any, *tools: Any) -> Workflow:
    return Workflow.from_dict(data, model=model, tools=list(tools), repository=repository)


def test_a_tools_result_is_in_no_journal_of_a_workflow(tmp_path: Path) -> None:
    repository, model = FileSessionRepository(tmp_path), Guarded("look")
    result = flow(chain("go", "conclude"), model, repository, look).run(session_id="s")
    assert result.status == "completed"
    assert holders(tmp_path) == []
    assert TAKEN in model.saw[-1] and SECRET not in model.saw[-1]
    assert TAKEN in conversation(repository) and SECRET not in conversation(repository)


def test_a_prompt_is_in_no_entry_of_its_step_and_a_resume_goes_on_with_what_stands_in(tmp_path: Path) -> None:
    repository, model = FileSessionRepository(tmp_path), Guarded(stop="guardrail_intervened")
    data = chain("say {% if 1 %}the launch{% endif %} code", "conclude")
    with pytest.raises(UnusableReplyError):
        flow(data, model, repository).run(session_id="s")
    assert SECRET in model.saw[0]
    assert holders(tmp_path) == []
    assert flow(data, model, repository).resume("s").status == "completed"
    assert SECRET not in "".join(model.saw[1:])
    assert TAKEN in conversation(repository)


def test_a_mended_prompt_stands_in_for_one_that_was_taken_back(tmp_path: Path) -> None:
    repository, model = FileSessionRepository(tmp_path), Guarded(stop="guardrail_intervened")
    data = chain("say {% if 1 %}the launch{% endif %} code")
    with pytest.raises(UnusableReplyError):
        flow(data, model, repository).run(session_id="s")
    assert flow(chain("say hello"), model, repository).resume("s").status == "completed"
    assert "say hello" in conversation(repository) and TAKEN not in conversation(repository)


@pytest.mark.parametrize("files", [True, False])
def test_what_an_agent_used_as_a_tool_was_told_is_in_no_journal_of_a_workflow(tmp_path: Path, files: bool) -> None:
    repository = FileSessionRepository(tmp_path) if files else MemorySessionRepository()
    worker = Agent(model=Guarded("look"), tools=[look], name="worker", callback_handler=None)
    chief = ScriptedModel([[ToolCall("worker", {"input": "x"}, "w")], "done", "done"])
    assert flow(chain("go", "conclude"), chief, repository, worker).run(session_id="s").status == "completed"
    assert holders(tmp_path) == []

    async def kept() -> str:
        return str(await (await repository.open("s")).load())

    assert TAKEN in asyncio.run(kept()) and SECRET not in asyncio.run(kept())


def company(session: Any) -> None:
    """Have a worker of a worker be told something that is taken back, and the worker itself too."""
    inner = Agent(model=Guarded("look"), tools=[look], name="inner", callback_handler=None)
    worker = Agent(model=Guarded("inner", "look"), tools=[look, inner], name="worker", callback_handler=None)
    chief = ScriptedModel([[ToolCall("worker", {"input": "x"}, "w")], "done"])
    Agent(model=chief, tools=[worker], session_manager=session, callback_handler=None)("go")


def test_what_an_agent_used_as_a_tool_was_told_is_in_no_file_of_a_session(tmp_path: Path) -> None:
    company(FileSessionManager("s", storage_dir=tmp_path))
    assert holders(tmp_path) == []
    assert len(holders(tmp_path, TAKEN)) == 1


def test_what_an_agent_used_as_a_tool_was_told_is_in_no_snapshot(tmp_path: Path) -> None:
    company(SnapshotSessionManager("s", storage=LocalFileStorage(str(tmp_path))))
    assert holders(tmp_path) == []


def test_what_an_agent_used_as_a_tool_was_told_is_in_no_object_of_s3() -> None:
    boto3, moto = pytest.importorskip("boto3"), pytest.importorskip("moto")
    from strands.session import S3SessionManager

    with pytest.MonkeyPatch.context() as patch, moto.mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "x")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3")
        client.create_bucket(Bucket="sessions")
        company(S3SessionManager("s", "sessions"))
        keys = [each["Key"] for each in client.list_objects_v2(Bucket="sessions")["Contents"]]
        texts = [client.get_object(Bucket="sessions", Key=key)["Body"].read().decode() for key in keys]
    assert TAKEN in "".join(texts) and SECRET not in "".join(texts)


def test_what_a_tool_that_is_an_agent_said_goes_with_all_that_it_did(tmp_path: Path) -> None:
    worker = Agent(model=ScriptedModel([f"It is {SECRET}."]), name="worker", callback_handler=None)
    repository = FileSessionRepository(tmp_path)
    assert flow(chain("go", "conclude"), Guarded("worker"), repository, worker).run(session_id="s").success
    assert holders(tmp_path) == []
    assert TAKEN in conversation(repository)


def test_who_reads_a_journal_meanwhile_reads_on(tmp_path: Path) -> None:
    repository = FileSessionRepository(tmp_path)
    seen: list[int] = []

    async def main() -> None:
        reader: list[Any] = []

        @tool
        async def read(input: str) -> str:
            """Read."""
            reader.append(await FileSessionRepository(tmp_path).open("s"))
            seen.append(len(await reader[0].load()))
            return SECRET

        await flow(chain("go", "conclude"), Guarded("read"), repository, read).run_async(session_id="s")
        after = await reader[0].tail(seen[0])
        whole = await (await repository.open("s")).load()
        assert [each.seq for each in after] == [each.seq for each in whole[seen[0] :]]
        assert "redacted" in [each.kind for each in after]

    asyncio.run(main())


def test_a_secrets_journal_takes_it_out_too(tmp_path: Path) -> None:
    repository = FileSessionRepository(tmp_path)
    data = {**chain("go", "conclude"), "env": {"secrets": [{"key": "TOKEN", "source": "env"}]}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN", "s3cr3t-token-value")
        assert flow(data, Guarded("look"), repository, look).run(session_id="s").success
    assert holders(tmp_path) == []
    assert TAKEN in conversation(repository)


class Faltering(Guarded):
    """Fails at one of its calls."""

    def __init__(self, *tools: str, at: int) -> None:
        super().__init__(*tools)
        self.at = at

    async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        if len(self.saw) == self.at:
            self.saw.append("")
            raise ValueError("no reply")
        async for event in super().stream(messages, *args, **kwargs):
            yield event


def test_after_a_failure_an_agent_goes_on_with_what_stands_in(tmp_path: Path) -> None:
    repository, model = FileSessionRepository(tmp_path), Faltering("look", "look", at=2)
    with pytest.raises(Exception, match="no reply"):
        flow(chain("go"), model, repository, look).run(session_id="s")
    assert flow(chain("go"), model, repository, look).resume("s").success
    first, second = (json.loads(model.saw[-1])[index] for index in (2, 4))
    assert TAKEN in str(first) and SECRET not in str(first)
    assert SECRET in str(second)  # told once, to the guardrail that takes it back
    assert holders(tmp_path) == []


class AppendOnly:
    """A journal, or a store of such, that can only append."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        if name == "rewrite":
            raise AttributeError(name)
        return getattr(self._inner, name)

    async def create(self, *args: Any) -> AppendOnly:
        return AppendOnly(await self._inner.create(*args))

    async def open(self, session_id: str) -> AppendOnly:
        return AppendOnly(await self._inner.open(session_id))


def test_in_a_journal_that_can_only_append_something_stands_in(tmp_path: Path) -> None:
    repository, model = AppendOnly(FileSessionRepository(tmp_path)), Guarded("look", stop="guardrail_intervened")
    with pytest.raises(UnusableReplyError):
        flow(chain("go"), model, repository, look).run(session_id="s")
    assert holders(tmp_path) == ["journal.jsonl"]
    assert flow(chain("go"), model, repository, look).resume("s").success
    assert TAKEN in model.saw[-1] and SECRET not in model.saw[-1]
    assert TAKEN in conversation(repository) and SECRET not in conversation(repository)
