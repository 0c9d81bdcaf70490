"""`strands doctor`: is everything here that is needed?"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from strands_cli.cli import options

_OLDEST = (3, 10)
_LATE_SECONDS = 90.0
"""Whoever looks after reminders and deadlines, by cron each minute at the least, records them sooner."""


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: What it is.
        state: ok, missing (only matters when it is used) or bad.
        found: What was found.
        hint: What to do about it.
    """

    name: str
    state: str
    found: str
    hint: str = ""


@click.command("doctor")
@options.as_json
@options.debug
def command(as_json: bool, debug: bool) -> int:
    """Check Python, the package, the providers and the place of sessions. Exits with 10 when something is wrong."""
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import folded, table
    from strands_cli.errors import OK, RUNTIME

    checks = [_python(), _package(), *_owners(), _sessions(), *_timers(), *_providers(), _isolation(), _terminal()]
    bad = [check for check in checks if check.state == "bad"]
    if as_json:
        print_json({"healthy": not bad, "checks": [check._asdict() for check in checks]})
        return RUNTIME if bad else OK
    # What to do about it stands at a line's end: it is folded, never cut off.
    lines = table([(check.state, check.name, check.found) for check in checks], whole=True).splitlines()
    indent = max(len(check.state) for check in checks) + max(len(check.name) for check in checks) + 4
    for line in lines:
        print_text(folded(line, indent))
    for check in checks:
        if check.hint:
            print_text(f"{check.name}: {check.hint}")
    if not any(check.state == "ok" for check in checks if check.name.startswith("provider ")):
        print_text("No provider is ready; any workflow can be rehearsed without one: strands run SPEC --offline")
    return RUNTIME if bad else OK


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST:
        return Check("python", "bad", version, "Python 3.10 or newer is needed.")
    return Check("python", "ok", f"{version}, {sys.executable}")


def _package() -> Check:
    import strands
    from strands._version import __version__

    here = Path(__file__).parents[2] / "strands"
    there = Path(strands.__file__ or "").parent
    if there.resolve() != here.resolve():
        return Check(
            "package",
            "bad",
            f"`import strands` finds {there}",
            f"It should find {here}: reinstall strands-cli in a fresh virtual environment.",
        )
    return Check("package", "ok", f"strands-cli {__version__}")


def _owners() -> Iterator[Check]:
    """Another distribution with a package `strands` overwrites ours, or is overwritten by it."""
    from importlib.metadata import distributions

    others = set()
    for distribution in distributions():
        name = distribution.metadata["Name"] or ""
        files = (distribution.read_text("RECORD") or "").splitlines()
        ours = name.lower().replace("_", "-") == "strands-cli"
        if not ours and any(line.startswith("strands/__init__.py,") for line in files):
            others.add(f"{name} {distribution.version}")
    if others:
        named = ", ".join(sorted(others))
        from strands_cli.owner import remedy

        hint = f"Both own the package `strands`. {remedy()}"
        yield Check("other owner", "bad", f"{named} is installed too", hint)


def _sessions() -> Check:
    from strands._home import home

    if os.environ.get("STRANDS_STORE"):
        return _store()
    root = home() / "workflows"
    existing = next(path for path in (root, *root.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        hint = f"Make {existing} writable, or choose another place with STRANDS_HOME."
        return Check("sessions", "bad", f"{root}: {error.strerror}", hint)
    if existing != root:
        return Check("sessions", "ok", f"{root} (made when it is needed)")
    mode = stat.S_IMODE(root.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return Check("sessions", "bad", f"{root} has mode {mode:04o}: others can look in", f"chmod 700 {root}")
    return Check("sessions", "ok", str(root))


def _store() -> Check:
    from strands.journal.errors import StoreNotReadyError
    from strands.journal.locate import shown
    from strands_cli.api.bridge import run_sync
    from strands_cli.errors import StorageError, StrandsError
    from strands_cli.session.repository import check_named, store_at

    place = shown(os.environ["STRANDS_STORE"])
    try:
        check_named()
    except StoreNotReadyError as error:
        return Check("sessions", "bad", error.message, error.hint)
    except StorageError:
        return Check("sessions", "ok", f"{place} (made when it is needed)")
    try:
        found = run_sync(lambda: store_at().ids())
    except StrandsError as error:
        return Check("sessions", "bad", error.message, error.hint)
    return Check("sessions", "ok", f"{place}, {len(found)} kept")


def _timers() -> Iterator[Check]:
    """Reminders and deadlines of questions come only where something looks after them."""
    from strands.journal.excerpt import now_of
    from strands.journal.find import next_timer
    from strands_cli.api.bridge import run_sync
    from strands_cli.cli.phrases import seconds
    from strands_cli.errors import StrandsError
    from strands_cli.session.repository import check_named, store_at

    async def late() -> float:
        check_named()
        store = store_at()
        then = await next_timer(store)
        return 0.0 if then is None else await now_of(store) - then

    try:
        overdue = run_sync(late)
    except StrandsError:  # that the store cannot be read is told by another check
        return
    if overdue > _LATE_SECONDS:
        hint = "Nothing looks after them: run strands tick by cron each minute, a strands worker, or strands serve."
        yield Check("timers", "missing", f"a reminder or a deadline is {seconds(overdue)} overdue", hint)


def _providers() -> Iterator[Check]:
    from strands_cli.capability import providers
    from strands_cli.errors import ProviderNotReadyError

    for name in providers.known():
        if name == "scripted":
            continue
        try:
            provider = providers.provider(name)
        except ProviderNotReadyError as error:
            yield Check(f"provider {name}", "missing", error.message, error.hint)
            continue
        todo = [] if provider.installed else [provider.how_to_install]
        todo += [] if provider.has_key else [f"set {provider.keys[0]}"]
        yield Check(f"provider {name}", "missing" if todo else "ok", "; ".join(todo) or "ready")


def _isolation() -> Check:
    from strands_cli.builtin.python_exec import python_exec

    try:
        python_exec("1")
    except Exception as error:  # whatever keeps it from running is what is to be told
        hint = (
            "python_exec runs here only with `isolation: none` in the spec; it needs Linux with Landlock and seccomp."
        )
        return Check("python_exec", "missing", str(error).splitlines()[0], hint)
    return Check("python_exec", "ok", "the kernel confines it")


def _terminal() -> Check:
    from strands_cli.terminal.device import someone_there

    asks = "asks here" if someone_there() else "pauses at questions: this is not a terminal"
    return Check("terminal", "ok", f"{asks}, encoding {getattr(sys.stdout, 'encoding', None) or 'unknown'}")
