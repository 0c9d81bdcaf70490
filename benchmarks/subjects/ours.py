"""This package. Its agent is measured by the very code that measures the Strands Agents SDK: one interface."""

from . import strands_agents

LABEL = "strands-cli"
IMPORT = strands_agents.IMPORT
WORKFLOW_IMPORT = "from strands import Workflow"
COMMAND = ("-m", "strands_cli.cli.main", "--help")
DISTRIBUTION = "strands-cli"

turn = strands_agents.turn
long_turn = strands_agents.long_turn
approval = strands_agents.approval


def _spec(name, steps):
    agents = {f"agent-{n}": {"prompt": "Answer."} for n in range(5)}
    return {
        "version": 0,
        "name": name,
        "runtime": {"provider": "scripted"},
        "agents": agents,
        "pattern": {"type": "chain", "config": {"steps": steps}},
    }


def _repository(store):
    from strands_cli.session.memory import MemorySessionRepository
    from strands_cli.session.repository import FileSessionRepository

    return FileSessionRepository(store) if store else MemorySessionRepository()


async def chain(delay, store, stack):
    from strands import Workflow

    steps = [{"agent": f"agent-{n}", "input": f"{n}"} for n in range(5)]
    model = strands_agents._stub(delay=delay, text=lambda prompt: f"reply {prompt}")
    workflow = Workflow.from_dict(_spec("chain", steps), model=model, repository=_repository(store))

    async def run():
        result = await workflow.run_async()
        return [step["response"] for step in result.execution_context["steps"]]

    return lambda name: run


def _delete(messages):
    answer = messages[-1]["content"][0]["text"]
    return "deleted old.txt" if answer == "y" else "kept"


class _Gate:
    def __init__(self, store, name):
        from strands import Workflow
        from strands.models.scripted import ScriptedModel

        steps = [{"type": "hitl", "prompt": "Delete old.txt?"}, {"agent": "agent-0", "input": "{{ hitl_response }}"}]
        self.sessions = _repository(store)
        self.workflow = Workflow.from_dict(_spec("gate", steps), model=ScriptedModel(_delete), repository=self.sessions)
        self.session_id = None

    async def ask(self):
        self.session_id = (await self.workflow.run_async()).session_id

    async def answer(self):
        session_id = self.session_id or (await self.sessions.ids())[0]
        return (await self.workflow.resume_async(session_id, "y")).last_response


gate = _Gate


def _echo(messages):
    return f"reply {messages[-1]['content'][0]['text']}"


def _long(store):
    from strands import Workflow
    from strands.models.scripted import ScriptedModel

    steps = [{"agent": "agent-0", "input": f"{n}"} for n in range(10_000)]
    steps += [{"type": "hitl", "prompt": "Go on?"}, {"agent": "agent-1", "input": "10000"}]
    return Workflow.from_dict(_spec("long", steps), model=ScriptedModel(_echo), repository=_repository(store))


async def long_session(store):
    await _long(store).run_async()


async def finish_long_session(store):
    from strands.models.scripted import ScriptedModel
    from strands_cli.api.session import Session
    from strands_cli.api.workflow import Options

    repository = _repository(store)
    options = Options(model=ScriptedModel(_echo), repository=repository)
    session = await Session.found(options, (await repository.ids())[0])
    return (await session.resume_async("yes")).last_response


def dag(size):
    from strands import Workflow
    from strands.models.scripted import ScriptedModel

    tasks = [
        {"id": f"t{n}", "agent": "agent-0", "input": f"{n}", "deps": [f"t{n // 2}", f"t{n - 1}"] if n > 1 else []}
        for n in range(1, size + 1)
    ]
    spec = {**_spec("dag", []), "pattern": {"type": "workflow", "config": {"tasks": tasks}}}
    workflow = Workflow.from_dict(spec, model=ScriptedModel(_echo), repository=_repository(None))

    async def run():
        return len((await workflow.run_async()).execution_context["tasks"])

    return run


async def stores(directory, postgres, stack):
    from . import ours_stores

    return await ours_stores.stores(directory, postgres, stack)


async def paused_sessions(directory, postgres, count):
    from . import ours_stores

    return await ours_stores.paused_sessions(directory, postgres, count)


async def answers(directory, postgres, count):
    from . import ours_stores

    return await ours_stores.answers(directory, postgres, count)


async def paused_memory(directory, count):
    from . import ours_stores

    return await ours_stores.paused_memory(directory, count)
