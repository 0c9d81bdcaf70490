"""Agents for other agents, over the protocol A2A (Agent2Agent): a server around an agent, or one for each context."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from .executor import AgentFactory as AgentFactory
    from .executor import StrandsA2AExecutor as StrandsA2AExecutor
    from .server import A2AServer as A2AServer
else:
    _find, __dir__ = lazy(__name__)

    def __getattr__(name):
        public = not name.startswith("_")
        if public and (find_spec("a2a") is None or find_spec("a2a.server.cluster") is None):
            raise ImportError(
                f"{__name__}.{name} needs the A2A SDK, release 1.3 or newer: pip install 'strands-cli[a2a]'"
            )
        return _find(name)
