"""Microsoft Agent Framework: agents with function tools, workflows with a file checkpoint storage and request_info."""

import json

LABEL = "agent-framework"
IMPORT = "from agent_framework import Agent, tool"
WORKFLOW_IMPORT = "from agent_framework import WorkflowBuilder"
DISTRIBUTION = "agent-framework-core"


def _client(tools=0, delay=0.0, text="done"):
    import asyncio

    from agent_framework import (
        BaseChatClient,
        ChatMiddlewareLayer,
        ChatResponse,
        ChatResponseUpdate,
        Content,
        FunctionInvocationLayer,
        Message,
        ResponseStream,
    )
    from agent_framework.observability import ChatTelemetryLayer

    def answer(messages):
        results = [content.result for content in messages[-1].contents if content.type == "function_result"]
        if tools and not results:
            calls = ({"a": n, "b": 1} for n in range(tools))
            return [
                Content.from_function_call(call_id=f"call-{n}", name="add", arguments=json.dumps(call))
                for n, call in enumerate(calls)
            ]
        return [Content.from_text(str(sum(map(int, results))) if tools else text)]

    usage = {"input_token_count": 10, "output_token_count": 2, "total_token_count": 12}

    class Client(FunctionInvocationLayer, ChatMiddlewareLayer, ChatTelemetryLayer, BaseChatClient):
        def _inner_get_response(self, *, messages, stream, options, **kwargs):
            if stream:
                return ResponseStream(self._updates(messages), finalizer=ChatResponse.from_updates)
            return self._response(messages)

        async def _updates(self, messages):
            await asyncio.sleep(delay) if delay else None
            yield ChatResponseUpdate(role="assistant", contents=answer(messages))
            yield ChatResponseUpdate(role="assistant", contents=[Content.from_usage(usage)])

        async def _response(self, messages):
            await asyncio.sleep(delay) if delay else None
            return ChatResponse(messages=[Message(role="assistant", contents=answer(messages))], usage_details=usage)

    return Client()


async def turn(tools, *, sync=False):
    from agent_framework import Agent, tool

    if sync:

        @tool(approval_mode="never_require")
        def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

    else:

        @tool(approval_mode="never_require")
        async def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

    agent = Agent(_client(tools), tools=[add] if tools else [])

    async def run():
        return (await agent.run("go")).text

    return run


async def long_turn(messages, store, stack):
    from agent_framework import Agent, Message

    if store:
        raise NotImplementedError
    history = [Message(role=("user", "assistant")[n % 2], contents=[f"message {n} " * 10]) for n in range(messages)]
    agent = Agent(_client())

    async def run():
        return (await agent.run([*history, Message(role="user", contents=["go"])])).text

    return run


async def chain(delay, store, stack):
    from agent_framework import Agent, Executor, FileCheckpointStorage, WorkflowBuilder, WorkflowContext, handler

    class Step(Executor):
        """Lighter than handing the agent itself to the builder, which checkpoints its whole conversation."""

        def __init__(self, number):
            super().__init__(id=f"step-{number}")
            self.agent = Agent(_client(delay=delay, text=f"reply {number}"))

        @handler
        async def work(self, texts: list[str], context: WorkflowContext[list[str], list[str]]) -> None:
            texts = [*texts, (await self.agent.run("go")).text]
            await (context.yield_output(texts) if len(texts) == 5 else context.send_message(texts))

    def prepare(name):
        steps = [Step(n) for n in range(5)]
        storage = FileCheckpointStorage(store / name) if store else None
        builder = WorkflowBuilder(
            start_executor=steps[0], name=name, checkpoint_storage=storage, output_from=[steps[4]]
        )
        workflow = builder.add_chain(steps).build()

        async def run():
            return (await workflow.run([])).get_outputs()[-1]

        return run

    return prepare


class _Gate:
    def __init__(self, store, name):
        from agent_framework import (
            Executor,
            FileCheckpointStorage,
            WorkflowBuilder,
            WorkflowContext,
            handler,
            response_handler,
        )

        class Asker(Executor):
            @handler
            async def ask(self, path: str, context: WorkflowContext[str, str]) -> None:
                await context.request_info(path, str)

            @response_handler
            async def on_answer(self, path: str, answer: str, context: WorkflowContext[str, str]) -> None:
                await context.yield_output(f"deleted {path}" if answer == "y" else "kept")

        self.name = name
        self.storage = FileCheckpointStorage(store / name)
        asker = Asker(id="gate")
        self.workflow = WorkflowBuilder(start_executor=asker, name=name, checkpoint_storage=self.storage).build()
        self.request = None

    async def ask(self):
        (event,) = (await self.workflow.run("old.txt")).get_request_info_events()
        self.request = event.request_id

    async def answer(self):
        checkpoint_id = None
        if self.request is None:
            checkpoint = await self.storage.get_latest(workflow_name=self.name)
            checkpoint_id = checkpoint.checkpoint_id
            (self.request,) = checkpoint.pending_request_info_events
        result = await self.workflow.run(responses={self.request: "y"}, checkpoint_id=checkpoint_id)
        return result.get_outputs()[-1]


gate = _Gate
