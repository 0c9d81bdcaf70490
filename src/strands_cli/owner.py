"""Whose the package `strands` is that programs import here: this distribution's, or another's of the same name."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable

_told = False
_OF_ANOTHER = "_identifier.py"
"""A file that strands-agents has in its package `strands` in every release, and this distribution has not."""


def remedy() -> str:
    """Return the commands that make this distribution the only owner of `strands`, from where it was installed.

    The other one has to go first: its uninstallation takes files along that both have.
    """
    place, stand_in = _installed_from()
    again = f"pip uninstall -y strands-agents, then pip install --force-reinstall --no-deps {place}"
    if stand_in:
        return f"Keep one of them: {again} {stand_in} (the second stands in where packages ask for strands-agents)."
    return (
        f"Keep one of them: {again}. "
        "Packages that ask for strands-agents are content with packaging/strands-agents of strands-cli's repository."
    )


def _installed_from() -> tuple[str, str]:
    """Return what pip was given to install this distribution, and what it takes for the stand-in, "" if unknown."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from shlex import quote
    from urllib.request import url2pathname

    try:
        told = json.loads(distribution("strands-cli").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError, OSError):
        return "strands-cli", ""
    url = str(told.get("url", ""))
    if url.startswith("file://"):
        path = url2pathname(url.removeprefix("file://"))
        stand_in = os.path.join(path, "packaging", "strands-agents")
        option = "-e " if told.get("dir_info", {}).get("editable") else ""
        place = f"{option}{quote(path)}" if os.path.exists(path) else "strands-cli"
        return place, quote(stand_in) if os.path.isdir(stand_in) else ""
    if "vcs_info" in told:
        source = f"{told['vcs_info'].get('vcs', 'git')}+{url}"
        return f"'strands-cli @ {source}'", f"'strands-agents @ {source}#subdirectory=packaging/strands-agents'"
    return (quote(url) if url else "strands-cli"), ""


def overwritten() -> str:
    """Return what is wrong where another distribution's `strands` has taken this one's place; "" if it is ours."""
    try:
        import strands
        from strands import _version
    except ImportError as error:
        return f"the package `strands` of strands-cli is not whole: {error}"
    if getattr(strands, "__version__", "") == _version.__version__:
        return ""
    return "another distribution, strands-agents most likely, has put its package `strands` over that of strands-cli"


def shared() -> str:
    """Return what is wrong where this distribution's `strands` lies over another's; "" if nobody else has one."""
    import strands

    other = os.path.join(os.path.dirname(strands.__file__ or ""), _OF_ANOTHER)
    if not os.path.exists(other):
        return ""
    return "strands-agents is installed too, and has a package `strands` as well: whichever is uninstalled breaks both"


def check() -> None:
    """Refuse to work with another distribution's `strands`, and warn where it shares the directory of this one's.

    Raises:
        ImportError: `strands` is another distribution's; nothing of this one could be relied on.
    """
    wrong = overwritten()
    if wrong:
        raise ImportError(f"{wrong}. {remedy()}")
    tell(lambda wrong: warnings.warn(wrong, UserWarning, stacklevel=4))


def tell(say: Callable[[str], None]) -> None:
    """Have it said, once in a process, that another distribution shares the directory of `strands`, if one does."""
    global _told
    wrong = "" if _told else shared()
    _told = True
    if wrong:
        say(f"{wrong}. {remedy()}")
