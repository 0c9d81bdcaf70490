"""Atomic agents: one agent a file, with one purpose, a contract for what it gets and gives, and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from strands_cli.atomic.agent import AtomicAgent as AtomicAgent
    from strands_cli.atomic.agent import AtomicError as AtomicError
    from strands_cli.atomic.agent import load as load
    from strands_cli.atomic.cases import CaseResult as CaseResult
    from strands_cli.atomic.cases import run_cases as run_cases
    from strands_cli.atomic.places import find as find
    from strands_cli.atomic.places import named as named
    from strands_cli.atomic.running import AtomicResult as AtomicResult
    from strands_cli.atomic.running import run as run
    from strands_cli.atomic.running import run_async as run_async
    from strands_cli.atomic.scaffold import init as init
else:
    __getattr__, __dir__ = lazy(__name__)
