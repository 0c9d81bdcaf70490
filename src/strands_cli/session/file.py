"""Workflow sessions in files."""

from strands.journal.file_journal import FileJournal as FileJournal

__all__ = ["FileJournal"]
