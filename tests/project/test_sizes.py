"""One purpose a file: none grows past what a reader holds in mind."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST = {"src": 400, "tests": 450, "examples": 400, "benchmarks": 400, "docs": 400}


def test_no_file_is_longer_than_a_reader_likes() -> None:
    long = {}
    for folder, most in MOST.items():
        for path in ROOT.glob(f"{folder}/**/*.py"):
            lines = path.read_text(encoding="utf-8").count("\n")
            if lines > most:
                long[str(path.relative_to(ROOT))] = lines
    assert long == {}
