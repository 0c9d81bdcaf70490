"""File tools: only below their roots, whatever the path says."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from strands_cli.builtin import ToolAccess, make
from strands_cli.builtin.confined import Confined, ConfinementError
from strands_cli.net.client import Network


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def files(place: Path) -> Confined:
    (place / "a.txt").write_text("one\ntwo\nthree\n")
    return Confined(place)


def read(files: Confined, path: str) -> str:
    return str(make("file_read", ToolAccess(files, Network()))(path=path))


def write(files: Confined, path: str, content: str = "new", mode: str = "write") -> str:
    return str(make("file_write", ToolAccess(files, Network()))(path=path, content=content, mode=mode))


def test_a_file_is_read_whole_or_by_lines(files: Confined) -> None:
    tool = make("file_read", ToolAccess(files, Network()))
    assert tool(path="a.txt") == "one\ntwo\nthree\n"
    assert tool(path="a.txt", start_line=2, max_lines=1) == "two\n"


def test_a_file_is_written_and_appended_to(files: Confined, place: Path) -> None:
    write(files, "deep/er/b.txt", "1")
    write(files, "deep/er/b.txt", "2", "append")
    assert (place / "deep/er/b.txt").read_text() == "12"


@pytest.mark.parametrize(
    "path",
    ["../outside/secret.txt", "x/../../outside/secret.txt", "/etc/passwd", "a.txt/../../x", "~/x/../../..", "\0"],
)
def test_a_path_that_leads_out_is_refused(files: Confined, outside: Path, path: str) -> None:
    for action in (read, write):
        with pytest.raises((ConfinementError, FileNotFoundError)):
            action(files, path)
    assert [each.name for each in outside.iterdir()] == ["secret.txt"]


def test_a_link_that_leads_out_is_refused(files: Confined, place: Path, outside: Path) -> None:
    (place / "link").symlink_to(outside)
    (place / "file").symlink_to(outside / "secret.txt")
    (place / "dangling").symlink_to(outside / "new.txt")
    for path in ("link/secret.txt", "file", "link/new.txt", "dangling"):
        with pytest.raises(ConfinementError):
            read(files, path)
        with pytest.raises(ConfinementError):
            write(files, path)
    assert (outside / "secret.txt").read_text() == "secret"
    assert not (outside / "new.txt").exists()


def test_a_link_that_stays_inside_is_followed(files: Confined, place: Path) -> None:
    (place / "link").symlink_to(place / "a.txt")
    assert read(files, "link").startswith("one")


def test_case_38_what_a_path_leads_to_may_change_at_any_time(files: Confined, place: Path, outside: Path) -> None:
    """A directory is swapped for a link and back while it is read and written: never is anything outside touched."""
    (place / "d").mkdir()
    (place / "d" / "secret.txt").write_text("inside")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(place / "d", place / "real")
            try:
                os.symlink(outside, place / "d")
                os.unlink(place / "d")
                os.rename(place / "real", place / "d")
            except OSError:  # a write has made the directory anew
                shutil.rmtree(place / "real")

    thread = threading.Thread(target=swap)
    thread.start()
    actions: list[Callable[[], str]] = [
        lambda: read(files, "d/secret.txt"),
        lambda: write(files, "d/secret.txt", "inside"),
    ]
    try:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            for action in actions:
                try:
                    assert action() != "secret"
                except (ConfinementError, OSError):
                    continue
    finally:
        stop.set()
        thread.join()
    assert (outside / "secret.txt").read_text() == "secret"
    assert [each.name for each in outside.iterdir()] == ["secret.txt"]


def test_case_38_another_name_of_a_file_is_not_written_through(files: Confined, place: Path, outside: Path) -> None:
    os.link(outside / "secret.txt", place / "twin.txt")
    write(files, "twin.txt")
    assert (outside / "secret.txt").read_text() == "secret"


def test_case_38_what_is_no_file_is_refused_without_waiting(files: Confined, place: Path) -> None:
    os.mkfifo(place / "pipe")
    with pytest.raises(ConfinementError, match="not a plain file"):
        read(files, "pipe")
    with pytest.raises((ConfinementError, IsADirectoryError)):
        read(files, ".")
    with pytest.raises((ConfinementError, IsADirectoryError)):
        write(files, ".")


def test_mounts_are_roots_of_their_own(place: Path, outside: Path) -> None:
    files = Confined(place, {"data": outside})
    assert read(files, "data/secret.txt") == "secret"
    assert read(files, str(outside / "secret.txt")) == "secret"
    write(files, "data/more.txt")
    assert (outside / "more.txt").read_text() == "new"


def test_a_failed_write_leaves_the_old_file(files: Confined, place: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write(files, "a.txt", "\ud800")
    assert (place / "a.txt").read_text().startswith("one")
    assert sorted(each.name for each in place.iterdir()) == ["a.txt"]


def test_a_rehearsal_writes_nothing(place: Path) -> None:
    tool = make("file_write", ToolAccess(Confined(place), Network(), rehearsal=True))
    assert "Rehearsal" in tool(path="x.txt", content="x")
    assert list(place.iterdir()) == []


def test_grep_head_tail_and_search(files: Confined, place: Path) -> None:
    (place / "sub").mkdir()
    (place / "sub" / "b.log").write_text("ok\nERROR one\nok\nok\nerror two\n")
    (place / "binary").write_bytes(b"\0error")
    here = ToolAccess(files, Network())
    assert make("head", here)(path="a.txt", lines=2) == "one\ntwo"
    assert make("tail", here)(path="a.txt", lines=1) == "three"
    assert make("search", here)(query="error") == "sub/b.log:2: ERROR one\nsub/b.log:5: error two"
    found = make("grep", here)(pattern=r"^ERROR \w+", path="sub/b.log", context_lines=1)
    assert found == "sub/b.log-1- ok\nsub/b.log:2: ERROR one\nsub/b.log-3- ok\n--"
    assert make("grep", here)(pattern="nowhere") == "No line matches."
    assert "[stopped after 1 matches]" in make("search", here)(query="error", max_matches=1)


def test_case_21_an_expression_that_never_ends_is_stopped(files: Confined, place: Path) -> None:
    (place / "a.txt").write_text("a" * 40 + "!")
    started = time.monotonic()
    try:
        make("grep", ToolAccess(files, Network()))(pattern="(a|aa)+$", path="a.txt")
    except ValueError as error:
        assert "too long" in str(error)
    assert time.monotonic() - started < 5


def test_tools_that_change_nothing_say_so(files: Confined) -> None:
    here = ToolAccess(files, Network())
    assert {name: make(name, here).read_only for name in ("file_read", "grep", "web_fetch", "calculator")} == {
        "file_read": True,
        "grep": True,
        "web_fetch": True,
        "calculator": True,
    }
    assert not make("file_write", here).read_only
    assert not make("http_request", here).read_only
