"""How a caller answers interrupts."""

from __future__ import annotations

from typing import Any, TypedDict

from strands.interrupt import Interrupt as Interrupt
from strands.interrupt import InterruptException as InterruptException
from strands.types.pydantic_fields import for_pydantic


class InterruptResponse(TypedDict):
    """The answer to one interrupt."""

    interruptId: str
    response: Any


class InterruptResponseContent(TypedDict):
    """A prompt block that carries an answer."""

    interruptResponse: InterruptResponse


for_pydantic(globals())
