"""LangGraph: its prebuilt agent, state graphs with the SQLite checkpointer, interrupt and Command."""

import itertools
import operator
import warnings
from typing import Annotated, TypedDict

LABEL = "LangGraph"
IMPORT = "from langgraph.prebuilt import create_react_agent"
WORKFLOW_IMPORT = "from langgraph.graph import StateGraph"
DISTRIBUTION = "langgraph"


def _model(tools=0, delay=0.0, text="done"):
    import asyncio

    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, ToolMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    usage = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}

    class Stub(BaseChatModel):
        @property
        def _llm_type(self):
            return "stub"

        def bind_tools(self, tools, **kwargs):
            return self

        def _generate(self, messages, stop=None, run_manager=None, **kwargs):
            results = [message.content for message in messages if isinstance(message, ToolMessage)]
            calls = []
            if tools and not results:
                calls = [{"name": "add", "args": {"a": n, "b": 1}, "id": f"call-{n}"} for n in range(tools)]
            answer = "" if calls else str(sum(map(int, results))) if tools else text
            message = AIMessage(content=answer, tool_calls=calls, usage_metadata=usage)
            return ChatResult(generations=[ChatGeneration(message=message)])

        async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
            await asyncio.sleep(delay) if delay else None
            return self._generate(messages)

    return Stub()


def _agent(tools=0, functions=(), checkpointer=None):
    from langgraph.prebuilt import create_react_agent

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return create_react_agent(_model(tools), list(functions), checkpointer=checkpointer)


async def _saver(store, stack):
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    return await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(str(store / "checkpoints.sqlite")))


async def turn(tools, *, sync=False):
    if sync:

        def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

    else:

        async def add(a: int, b: int) -> int:
            """Add two numbers."""
            return a + b

    graph = _agent(tools, [add] if tools else [])

    async def run():
        return (await graph.ainvoke({"messages": [("user", "go")]}))["messages"][-1].content

    return run


async def long_turn(messages, store, stack):
    history = [(("user", "assistant")[n % 2], f"message {n} " * 10) for n in range(messages)]
    if store is None:
        graph = _agent()
    else:
        graph = _agent(checkpointer=await _saver(store, stack))
        await graph.aupdate_state({"configurable": {"thread_id": "thread"}}, {"messages": history})

    async def run():
        new = [("user", "go")] if store else [*history, ("user", "go")]
        config = {"configurable": {"thread_id": "thread"}}
        return (await graph.ainvoke({"messages": new}, config))["messages"][-1].content

    return run


class _Texts(TypedDict):
    texts: Annotated[list[str], operator.add]


async def chain(delay, store, stack):
    from functools import partial

    graph = _chain(delay, await _saver(store, stack) if store else None)

    async def run(name):
        return (await graph.ainvoke({"texts": []}, {"configurable": {"thread_id": name}}))["texts"]

    return lambda name: partial(run, name)


def _chain(delay, saver):
    from langgraph.graph import END, START, StateGraph

    def step(number):
        model = _model(delay=delay, text=f"reply {number}")

        async def node(state: _Texts):
            return {"texts": [(await model.ainvoke("go")).content]}

        return node

    builder = StateGraph(_Texts)
    names = [START, *(f"step-{n}" for n in range(5)), END]
    for n, name in enumerate(names[1:-1]):
        builder.add_node(name, step(n))
    for before, after in itertools.pairwise(names):
        builder.add_edge(before, after)
    return builder.compile(checkpointer=saver)


class _Deletion(TypedDict):
    path: str
    text: str


def _deletion():
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import interrupt

    def delete(state: _Deletion):
        answer = interrupt({"path": state["path"]})
        return {"text": f"deleted {state['path']}" if answer == "y" else "kept"}

    builder = StateGraph(_Deletion)
    builder.add_node("delete", delete)
    builder.add_edge(START, "delete")
    builder.add_edge("delete", END)
    return builder


class _Gate:
    def __init__(self, store, name):
        import sqlite3

        from langgraph.checkpoint.sqlite import SqliteSaver

        connection = sqlite3.connect(store / f"{name}.sqlite", check_same_thread=False)
        self.saver = SqliteSaver(connection)
        self.saver.setup()
        self.graph = _deletion().compile(checkpointer=self.saver)
        self.config = {"configurable": {"thread_id": name}}

    async def ask(self):
        assert "__interrupt__" in self.graph.invoke({"path": "old.txt"}, self.config)

    async def answer(self):
        from langgraph.types import Command

        return self.graph.invoke(Command(resume="y"), self.config)["text"]


gate = _Gate


class _Kept:
    def __init__(self, saver):
        self._graph, self._gate = _chain(0.0, saver), _deletion().compile(checkpointer=saver)

    def _new(self):
        import uuid

        return {"configurable": {"thread_id": uuid.uuid4().hex}}

    async def chain(self):
        return (await self._graph.ainvoke({"texts": []}, self._new()))["texts"]

    def life(self):
        from langgraph.types import Command

        config = self._new()

        async def ask():
            assert "__interrupt__" in await self._gate.ainvoke({"path": "old.txt"}, config)

        async def go_on():
            assert (await self._gate.ainvoke(Command(resume="y"), config))["text"] == "deleted old.txt"

        return {"ask": ask, "go_on": go_on}


async def stores(directory, postgres, stack):
    kept = {"sqlite": _Kept(await _saver(directory, stack))}
    if postgres:
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

        saver = await stack.enter_async_context(AsyncPostgresSaver.from_conn_string(postgres))
        await saver.setup()
        kept["postgres"] = _Kept(saver)
    return kept
