"""The memories of one run: what was there when it began, and what its steps write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError
from strands_cli.loader.check_tools import REMEMBER
from strands_cli.loader.template import render
from strands_cli.session.memories import MemoryId, StoredMemories

if TYPE_CHECKING:
    from strands_cli.kernel.types import Call, Names
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.root import Spec

MOST = 1_000_000
"""Characters of JSON that a step may write at once."""


class RunMemories:
    """What the steps of one run read and write.

    Args:
        spec: The workflow.
        session_id: The session that is driven.
        store: Where memories are kept; None reads none and writes none.
    """

    def __init__(self, spec: Spec, session_id: str, store: SessionRepository | None) -> None:
        self._spec = spec
        self._session = session_id
        self._stored = None if store is None else StoredMemories(store)
        self._ids: dict[tuple[str, str], MemoryId] = {}

    async def begin(self, run: Any, names: Names) -> None:
        """Put on record what the memories hold, unless it is: a resumed run reads what there was when it began.

        Args:
            run: The run, or what a workflow within it sees of it.
            names: What the templates of keys are rendered with.
        """
        below = getattr(run, "below", "")
        for name, memory in self._spec.memory.items():
            key = render(memory.key, names) if memory.key is not None else ""
            id = self._ids[below, name] = MemoryId(name, "" if memory.shared else self._spec.name, key)
            if run.noted(f"memory/{name}") is None:
                read = {} if self._stored is None else await self._stored.read(id)
                await run.note(f"memory/{name}", read)

    async def write(self, name: str, call: Call) -> None:
        """Keep what a step has put together.

        Raises:
            ExecutionError: It is too much.
        """
        if len(call.prompt) > MOST:
            raise ExecutionError(
                f"{call.key!r}: {len(call.prompt):,} characters are too much for memory {name!r}, at most {MOST:,}",
                hint="Have a model sum it up first.",
            )
        await self._keep(name, json.loads(call.prompt), call.key, call.key)

    def tool(self) -> Any:
        """Return the tool by which agents write."""
        from strands.tools.decorator import tool
        from strands.types.tools import ToolContext

        memories = self._spec.memory
        about = "; ".join(f"{name}: {each.description or 'anything'}" for name, each in memories.items())

        @tool(
            name=REMEMBER,
            description="Keep data for later runs: each name replaces what was there, null forgets it. There are the "
            f"memories {about}.",
            idempotent=True,
            context=True,
        )
        async def remember(memory: str, data: dict[str, Any], tool_context: ToolContext) -> str:
            """Keep data.

            Args:
                memory: Which memory.
                data: Names to values.
            """
            if memory not in memories:
                raise ValueError(f"there is no memory {memory!r}; there are: {', '.join(memories)}")
            if len(json.dumps(data)) > MOST:
                raise ValueError(f"it is too much: at most {MOST:,} characters")
            await self._keep(memory, data, _key_of(tool_context.agent), tool_context.idempotency_key)
            return "Remembered."

        return remember

    async def _keep(self, name: str, data: Mapping[str, Any], key: str, mark: str) -> None:
        """Write for the call of a key; `mark` tells it from all that is written besides."""
        if self._stored is None:
            return
        below = max((each for each, _ in self._ids if key.startswith(each)), key=len)
        await self._stored.write(self._ids[below, name], data, session=self._session, step=mark)


def _key_of(agent: Any) -> str:
    """Return the key of the call that an agent works on."""
    return str(getattr(agent.recorder, "key", ""))
