"""What draws on a terminal with `rich`; imported where something is drawn."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Any, TextIO

from rich.console import Console
from rich.theme import Theme

_HEADINGS = {f"markdown.h{level}": "bold" for level in range(2, 7)}
_THEME = Theme({**_HEADINGS, "markdown.h1": "bold underline", "markdown.code": "cyan", "markdown.code_block": "cyan"})


class Canvas(Console):
    """A console that takes texts as they are, and on which one thread at a time prints.

    What is drawn below the lines is drawn anew by where it was: no other thread may print between the two.

    Args:
        stream: Where it draws.

    Attributes:
        whole: Held while something is printed.
    """

    def __init__(self, stream: TextIO) -> None:
        self.whole: AbstractContextManager[Any] = threading.RLock()
        super().__init__(file=stream, markup=False, highlight=False, emoji=False, theme=_THEME)

    def print(self, *objects: Any, **options: Any) -> None:
        with self.whole:
            super().print(*objects, **options)
