"""Which engines there are: those of this build, and those of packages that are installed beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from strands_cli.worker.engine import EngineNotReadyError, Wake, known_engines, open_engine, queue_for
from support.packages import install

OTHER = """\
class Other:
    def __init__(self, store, options):
        self.store, self.options = store, options
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "site"
    install(place, "others", {"an_other.py": OTHER}, {"strands.engines/other": "an_other:Other"})
    install(place, "broken", {"a_broken.py": "1 / 0"}, {"strands.engines/broken": "a_broken:Engine"})
    monkeypatch.syspath_prepend(str(place))
    yield place


def test_an_engine_of_another_package_is_found_by_its_name(site: Path) -> None:
    assert set(known_engines()) >= {"dbos", "temporal", "other", "broken"}
    engine = open_engine("other", "sqlite:///runs.db", {"queue": "night"})
    assert vars(engine) == {"store": "sqlite:///runs.db", "options": {"queue": "night"}}


def test_one_that_cannot_be_loaded_is_named(site: Path) -> None:
    with pytest.raises(EngineNotReadyError, match="'broken' cannot be loaded from 'a_broken:Engine'"):
        open_engine("broken", "sqlite:///runs.db")


def test_an_unknown_one_is_told_which_there_are() -> None:
    with pytest.raises(EngineNotReadyError, match="unknown engine 'celery'") as caught:
        open_engine("celery", "sqlite:///runs.db")
    assert "dbos, temporal" in caught.value.hint and "without --engine" in caught.value.hint


def test_the_same_wake_has_the_same_key() -> None:
    assert Wake("", "s1", "4").key == Wake("", "s1", "4").key != Wake("a", "s1", "4").key


@pytest.mark.parametrize(
    ("store", "queue"),
    [
        ("postgresql://host/app", "strands"),
        ("postgresql://host/app?schema=s&namespace=a%27b%2F", "strands/a'b/"),
        ("sqlite:///runs.db?namespace=ada", "strands/ada"),
        ("sessions?namespace=ada", "strands"),
    ],
)
def test_each_namespace_of_a_database_has_a_queue_of_its_own(store: str, queue: str) -> None:
    assert queue_for(store, "strands") == queue
