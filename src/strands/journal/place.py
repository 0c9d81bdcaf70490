"""Where a session is in a database."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where a session is: `namespace` and `kind` tell apart what shares a database."""

    namespace: str
    kind: str
    id: str
