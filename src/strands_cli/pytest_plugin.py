"""The pytest plugin: fixtures for tests of workflows. Nothing of the product is imported before one is used.

- `rehearse`: as `strands_cli.testing.rehearse`, in private and without a network.
- `strands_home`: a home of the test's own for sessions, people and prices; commands and programs use it too.
- `no_network`: connections to other machines are refused.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from strands_cli.testing.happened import Rehearsal

_VARIABLES = ("STRANDS_STORE", "STRANDS_OUT", "STRANDS_PEOPLE", "STRANDS_PRICES", "STRANDS_NOTIFY")
_LOCAL = ("", "localhost", "0.0.0.0", "::")


@pytest.fixture
def strands_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, where sessions are kept unless a test says otherwise."""
    home = tmp_path / "strands-home"
    monkeypatch.setenv("STRANDS_HOME", str(home))
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to other machines are refused, with an error that says so; those to this one are not."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _local_only(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", _known_only(socket.getaddrinfo))


@pytest.fixture
def rehearse(strands_home: Path, no_network: None) -> Callable[..., Rehearsal]:
    """Rehearses a workflow; see `strands_cli.testing.rehearse`."""
    from strands_cli.testing.rehearsing import rehearse as rehearse_now

    return rehearse_now


def _local_only(connect: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(connect)
    def checked(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple):
            _check(address[0])
        return connect(self, address)

    return checked


def _known_only(look_up: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(look_up)
    def checked(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None:
            _check(host)
        return look_up(host, *arguments, **options)

    return checked


def _check(host: Any) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if not _is_local(name):
        raise PermissionError(f"this test has no network, and something connects to {name!r} (fixture no_network)")


def _is_local(name: str) -> bool:
    if name in _LOCAL:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
