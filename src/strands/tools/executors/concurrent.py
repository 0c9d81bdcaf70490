"""Where code written against the Strands Agents SDK finds this executor."""

from typing import TYPE_CHECKING

from strands._elsewhere import names_of

from . import ConcurrentToolExecutor

__all__ = ["ConcurrentToolExecutor"]

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
