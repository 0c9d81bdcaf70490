"""Pydantic AI: agents on its FunctionModel, deferred tools. It has no store of its own: pauses go to a file by hand."""

import os

LABEL = "Pydantic AI"
IMPORT = "from pydantic_ai import Agent"
DISTRIBUTION = "pydantic-ai-slim"


def _model(tools=0, delay=0.0, text="done", name="add", arguments=None):
    import asyncio

    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
    from pydantic_ai.models.function import FunctionModel

    async def answer(messages, info):
        await asyncio.sleep(delay) if delay else None
        results = [part.content for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
        if tools and not results:
            calls = (arguments or {"a": n, "b": 1} for n in range(tools))
            return ModelResponse([ToolCallPart(name, call, tool_call_id=f"call-{n}") for n, call in enumerate(calls)])
        if not tools:
            return ModelResponse([TextPart(text)])
        return ModelResponse([TextPart(results[0] if arguments else str(sum(results)))])

    return FunctionModel(answer)


async def turn(tools, *, sync=False):
    from pydantic_ai import Agent

    agent = Agent(_model(tools))
    if sync:

        def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

    else:

        async def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

    if tools:
        agent.tool_plain(add)

    async def run():
        return (await agent.run("go")).output

    return run


async def long_turn(messages, store, stack):
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

    if store:
        raise NotImplementedError
    history = [
        ModelResponse([TextPart(f"message {n} " * 10)])
        if n % 2
        else ModelRequest([UserPromptPart(f"message {n} " * 10)])
        for n in range(messages)
    ]
    agent = Agent(_model())

    async def run():
        return (await agent.run("go", message_history=history)).output

    return run


async def chain(delay, store, stack):
    from pydantic_ai import Agent

    if store:
        raise NotImplementedError
    agents = [Agent(_model(delay=delay, text=f"reply {n}")) for n in range(5)]

    async def run():
        return [(await agent.run("go")).output for agent in agents]

    return lambda name: run


def _write(path, data):
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


class _Approval:
    def __init__(self, store, name):
        from pydantic_ai import Agent, DeferredToolRequests

        self.path = store / name
        self.messages = None
        model = _model(1, name="delete", arguments={"path": "old.txt"})
        self.agent = Agent(model, output_type=[str, DeferredToolRequests])

        @self.agent.tool_plain(requires_approval=True)
        async def delete(path: str) -> str:
            """Delete a file."""
            return f"deleted {path}"

    async def ask(self):
        result = await self.agent.run("delete old.txt")
        assert result.output.approvals
        self.messages = result.all_messages()
        _write(self.path, result.all_messages_json())

    async def answer(self):
        from pydantic_ai import DeferredToolResults
        from pydantic_ai.messages import ModelMessagesTypeAdapter

        messages = self.messages or ModelMessagesTypeAdapter.validate_json(self.path.read_bytes())
        results = DeferredToolResults(approvals={part.tool_call_id: True for part in messages[-1].parts})
        return (await self.agent.run(message_history=messages, deferred_tool_results=results)).output


approval = _Approval
