"""The Strands Agents SDK: agents, its graph with a file session manager, tool interrupts."""

import json

LABEL = "strands-agents"
IMPORT = "from strands import Agent, tool"
WORKFLOW_IMPORT = "from strands.multiagent import GraphBuilder"
DISTRIBUTION = "strands-agents"


def _stub(tools=0, delay=0.0, text="done", name="add", arguments=None):
    import asyncio

    from strands.models import Model

    class Stub(Model):
        whole_messages = True  # it reads what it needs out of them, as the providers' models do

        def update_config(self, **config):
            pass

        def get_config(self):
            return {}

        async def structured_output(self, *args, **kwargs):
            raise NotImplementedError
            yield

        async def stream(self, messages, tool_specs=None, system_prompt=None, **kwargs):
            await asyncio.sleep(delay) if delay else None
            results = [block["toolResult"] for block in messages[-1]["content"] if "toolResult" in block]
            yield {"messageStart": {"role": "assistant"}}
            if tools and not results:
                for n in range(tools):
                    use = {"toolUseId": f"call-{n}", "name": name}
                    yield {"contentBlockStart": {"start": {"toolUse": use}}}
                    value = json.dumps(arguments or {"a": n, "b": 1})
                    yield {"contentBlockDelta": {"delta": {"toolUse": {"input": value}}}}
                    yield {"contentBlockStop": {}}
            else:
                texts = [block["text"] for result in results for block in result["content"]]
                answer = (texts[0] if arguments else str(sum(map(int, texts)))) if tools else text
                answer = answer(messages[-1]["content"][0]["text"]) if callable(answer) else answer
                yield {"contentBlockStart": {"start": {}}}
                yield {"contentBlockDelta": {"delta": {"text": answer}}}
                yield {"contentBlockStop": {}}
            yield {"messageStop": {"stopReason": "tool_use" if tools and not results else "end_turn"}}
            usage = {"inputTokens": 10, "outputTokens": 2, "totalTokens": 12}
            yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 0}}}

    return Stub()


def _text(result):
    return result.message["content"][-1]["text"]


async def turn(tools, *, sync=False):
    from strands import Agent, tool

    if sync:

        @tool
        def add(a: int, b: int) -> str:
            """Add two numbers."""
            return str(a + b)

    else:

        @tool
        async def add(a: int, b: int) -> str:
            """Add two numbers."""
            return str(a + b)

    agent = Agent(model=_stub(tools), tools=[add] if tools else [], callback_handler=None)

    async def run():
        agent.messages.clear()
        return _text(await agent.invoke_async("go"))

    return run


async def long_turn(messages, store, stack):
    from strands import Agent
    from strands.agent.conversation_manager import NullConversationManager
    from strands.session import FileSessionManager

    history = [
        {"role": ("user", "assistant")[n % 2], "content": [{"text": f"message {n} " * 10}]} for n in range(messages)
    ]
    session = FileSessionManager("thread", storage_dir=str(store)) if store else None
    agent = Agent(
        model=_stub(),
        messages=history,
        callback_handler=None,
        session_manager=session,
        conversation_manager=NullConversationManager(),
    )

    async def run():
        if session is None:
            del agent.messages[messages:]
        return _text(await agent.invoke_async("go"))

    return run


async def chain(delay, store, stack):
    from strands import Agent
    from strands.multiagent import GraphBuilder
    from strands.session import FileSessionManager

    def prepare(name):
        builder = GraphBuilder().set_max_node_executions(5)
        for n in range(5):
            agent = Agent(model=_stub(delay=delay, text=f"reply {n}"), callback_handler=None, agent_id=f"agent-{n}")
            builder.add_node(agent, f"step-{n}")
            if n:
                builder.add_edge(f"step-{n - 1}", f"step-{n}")
        builder.set_entry_point("step-0")
        if store:
            builder.set_session_manager(FileSessionManager(name, storage_dir=str(store)))
        graph = builder.build()

        async def run():
            result = await graph.invoke_async("go")
            return [_text(result.results[f"step-{n}"].result) for n in range(5)]

        return run

    return prepare


class _Approval:
    def __init__(self, store, name):
        from strands import Agent, ToolContext, tool
        from strands.session import FileSessionManager

        @tool(context=True)
        async def delete(tool_context: ToolContext, path: str) -> str:
            """Delete a file."""
            answer = tool_context.interrupt("approval", reason={"path": path})
            return f"deleted {path}" if answer == "y" else "kept"

        self.agent = Agent(
            model=_stub(1, name="delete", arguments={"path": "old.txt"}),
            tools=[delete],
            callback_handler=None,
            session_manager=FileSessionManager(name, storage_dir=str(store)),
        )

    async def ask(self):
        result = await self.agent.invoke_async("delete old.txt")
        assert result.stop_reason == "interrupt", result.stop_reason

    async def answer(self):
        asked = self.agent._interrupt_state.interrupts.values()
        blocks = [{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}} for interrupt in asked]
        return _text(await self.agent.invoke_async(blocks))


approval = _Approval
