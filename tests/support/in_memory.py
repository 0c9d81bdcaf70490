"""Tests that write and sync a lot, and ask nothing of the disk but its calls, run in memory where that exists."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from strands.session.pending import Pending

MEMORY = "/dev/shm"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    directory = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=directory, prefix="strands-") as path:
        yield Path(path)
        Pending.settle(Path(path))  # files that follow a call in the background are not written while this is removed
