"""Lists that come in pages."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class PaginatedList(list[T], Generic[T]):
    """One page of a list.

    Args:
        data: The items of this page.
        token: Where the next page starts, or None at the end.
    """

    def __init__(self, data: list[T], token: str | None = None) -> None:
        super().__init__(data)
        self.pagination_token = token
