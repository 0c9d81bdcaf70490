"""OpenAI Agents SDK: agents on a stub Model, sessions in SQLite, approvals through RunState kept in a file by hand."""

import json
import os

LABEL = "OpenAI Agents SDK"
IMPORT = "from agents import Agent, Runner, function_tool"
DISTRIBUTION = "openai-agents"


def _agent(tools=0, functions=(), delay=0.0, text="done", name="add", arguments=None):
    import asyncio

    from agents import Agent, Model, ModelResponse, Usage, set_tracing_disabled
    from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

    set_tracing_disabled(True)

    class Stub(Model):
        async def get_response(self, system_instructions, input, *args, **kwargs):
            await asyncio.sleep(delay) if delay else None
            items = [] if isinstance(input, str) else input
            results = [item["output"] for item in items if item.get("type") == "function_call_output"]
            usage = Usage(requests=1, input_tokens=10, output_tokens=2, total_tokens=12)
            if tools and not results:
                calls = (json.dumps(arguments or {"a": n, "b": 1}) for n in range(tools))
                output = [
                    ResponseFunctionToolCall(type="function_call", call_id=f"call-{n}", name=name, arguments=call)
                    for n, call in enumerate(calls)
                ]
                return ModelResponse(output=output, usage=usage, response_id=None)
            answer = (results[0] if arguments else str(sum(map(int, results)))) if tools else text
            part = ResponseOutputText(type="output_text", text=answer, annotations=[])
            message = ResponseOutputMessage(
                id="message", type="message", role="assistant", status="completed", content=[part]
            )
            return ModelResponse(output=[message], usage=usage, response_id=None)

        def stream_response(self, *args, **kwargs):
            raise NotImplementedError

    return Agent("agent", model=Stub(), tools=list(functions))


async def turn(tools, *, sync=False):
    from agents import Runner, function_tool

    if sync:

        @function_tool
        def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

    else:

        @function_tool
        async def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

    agent = _agent(tools, [add] if tools else [])

    async def run():
        return (await Runner.run(agent, "go")).final_output

    return run


async def long_turn(messages, store, stack):
    from agents import Runner, SQLiteSession

    history = [{"role": ("user", "assistant")[n % 2], "content": f"message {n} " * 10} for n in range(messages)]
    agent = _agent()
    session = None
    if store:
        session = SQLiteSession("thread", store / "sessions.sqlite")
        stack.callback(session.close)
        await session.add_items(history)

    async def run():
        if session is None:
            return (await Runner.run(agent, [*history, {"role": "user", "content": "go"}])).final_output
        return (await Runner.run(agent, "go", session=session)).final_output

    return run


async def chain(delay, store, stack):
    from agents import Runner

    if store:
        raise NotImplementedError
    agents = [_agent(delay=delay, text=f"reply {n}") for n in range(5)]

    async def run():
        return [(await Runner.run(agent, "go")).final_output for agent in agents]

    return lambda name: run


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


class _Approval:
    def __init__(self, store, name):
        from agents import function_tool

        @function_tool(needs_approval=True)
        async def delete(path: str) -> str:
            """Delete a file."""
            return f"deleted {path}"

        self.path = store / name
        self.state = None
        self.agent = _agent(1, [delete], name="delete", arguments={"path": "old.txt"})

    async def ask(self):
        from agents import Runner

        result = await Runner.run(self.agent, "delete old.txt")
        assert result.interruptions
        self.state = result.to_state()
        _write(self.path, self.state.to_string())

    async def answer(self):
        from agents import Runner, RunState

        state = self.state or await RunState.from_string(self.agent, self.path.read_text())
        for item in state.get_interruptions():
            state.approve(item)
        return (await Runner.run(self.agent, state)).final_output


approval = _Approval
