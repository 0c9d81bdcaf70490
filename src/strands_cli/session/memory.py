"""Workflow sessions in memory."""

from strands.journal.memory import MemoryJournal as MemoryJournal
from strands.journal.memory import MemoryRepository as MemorySessionRepository

__all__ = ["MemoryJournal", "MemorySessionRepository"]
