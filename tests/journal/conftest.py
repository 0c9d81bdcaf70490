"""These tests write and sync a lot: they run in memory where that exists."""

from support.in_memory import tmp_path as tmp_path
