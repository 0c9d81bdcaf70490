"""What a span attribute may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

AttributeValue = str | bool | float | int | list[str] | list[bool] | list[float] | list[int] | Sequence[str]
Attributes = Mapping[str, AttributeValue] | None
