"""What a template gets for what is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from jinja2.exceptions import UndefinedError
from jinja2.runtime import StrictUndefined
from jinja2.utils import missing

from strands_cli.loader.names import comes_later


class MissingUsed(UndefinedError):
    """A missing value was used: `name` of `owner`, or a name of the template when there is no owner."""

    def __init__(self, message: str, path: tuple[str | int, ...], owner: object) -> None:
        super().__init__(message)
        self.path: tuple[str | int, ...] = path
        self.owner: object = owner


class Missing(StrictUndefined):
    """What is not there. It can be asked for (`is defined`, `default`), not used.

    `soft`: a key that some data does not have counts as false in an `if`, and so does a name of the engine that has no
    value yet (`draft` before the first one); a name that nobody knows never does.
    """

    __slots__ = ("_path",)
    soft = False

    def __init__(self, hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = None) -> None:
        super().__init__(hint, obj, name)
        self._path: tuple[str | int, ...] = (name,)
        owner = None if obj is missing else obj
        self._undefined_exception = lambda message: MissingUsed(message, self._path, owner)  # type: ignore[assignment]

    def below(self, part: Any) -> Missing:
        """Return what is not there below what is not there; it is reported as the first of them."""
        found = type(self)(obj=self._undefined_obj, name=self._undefined_name)
        found._path = self._path
        return found

    def __bool__(self) -> bool:  # type: ignore[override]
        below = isinstance(self._undefined_obj, (Mapping, list, tuple))
        if self.soft and (below or (self._undefined_obj is missing and comes_later(str(self._undefined_name)))):
            return False
        return cast("bool", self._fail_with_undefined_error())


class SoftMissing(Missing):
    """As `Missing`, in templates; conditions use the strict one, so that a gate never opens by a slip of the pen."""

    __slots__ = ()
    soft = True
