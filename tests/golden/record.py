"""Record the golden journals of this release: `python tests/golden/record.py`, once, when it is released.

Journals of earlier releases stay as they are: every later build must resume them to the end.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden import cast
from strands._version import __version__
from strands_cli.loader import load_file
from strands_cli.session.repository import FileSessionRepository
from support.crash import Death, Story


async def record(pattern: str, target: Path) -> None:
    """Play a spec to its end and keep its journal and what it came to."""
    spec = load_file(cast.SPECS / f"{pattern}.yaml")
    with tempfile.TemporaryDirectory() as root:
        repository = FileSessionRepository(root)
        story = Story(spec.to_dict(), cast.model, answers=cast.ANSWERS, tools=cast.tools([]))
        result = await story.play(repository, Death())
        (session,) = await repository.ids()
        journal = (await repository.open(session)).path.read_text("utf-8")
    assert result.success, result
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{pattern}.jsonl").write_text(journal, encoding="utf-8")
    ended = {"last_response": result.last_response, "calls": sorted(story.calls), "tokens": result.token_usage}
    (target / f"{pattern}.json").write_text(json.dumps(ended, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    target = Path(__file__).parent / "journals" / __version__
    shutil.rmtree(target, ignore_errors=True)
    for pattern in cast.PATTERNS:
        asyncio.run(record(pattern, target))


if __name__ == "__main__":
    main()
