"""The workflow of `make demo-team`, rehearsed: it needs no key."""

from __future__ import annotations

from pathlib import Path

from strands import Workflow

workflow = Workflow.from_file(Path(__file__).with_name("refund.yaml"), offline=True)
