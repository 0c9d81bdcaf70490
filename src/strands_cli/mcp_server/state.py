"""What a client gives back when it goes on with a call: which session, and what it was shown of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CallState:
    """The plain text of `requestState`; the server seals it together with the client, the tool and its arguments.

    Attributes:
        session: The session that the call began.
        shown: Question id to the digest of what was shown of it.
        pages: The questions that the client was given an address for.
    """

    session: str
    shown: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return it as text."""
        return json.dumps({"session": self.session, "shown": dict(self.shown), "pages": list(self.pages)})

    @classmethod
    def from_text(cls, text: str) -> CallState:
        """Return what `to_text` made; the seal has been checked, so it is this server's own."""
        told = json.loads(text)
        return cls(told["session"], told["shown"], tuple(told["pages"]))
