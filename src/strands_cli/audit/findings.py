"""What a verification finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from strands_cli.types import Json

Rule = Literal[
    "chain",
    "cut",
    "rewritten",
    "swapped",
    "replaced",
    "removed",
    "heads",
    "set-back",
    "unanchored",
    "mended",
    "redacting",
    "rights-changed",
    "principal",
    "rights",
    "shown",
    "votes",
    "default",
    "after-end",
    "approval",
    "arguments",
]
"""What does not hold.

- `chain`: a line is not what was written, by the checksums of the journal itself.
- `cut`: entries that were there when a head was signed are missing.
- `rewritten`: the checksums are those of other entries than when a head was signed.
- `swapped`: it is the journal of another session. `replaced`: it is a journal that no head knows.
- `removed`: a session that had decisions is gone, and nobody deleted it.
- `heads`: a line of the heads log is not what was signed. `set-back`: the log was longer.
- `unanchored`, `mended`: no head covers a decision yet, or only one that was signed later; `redacting`: something said
  was being redacted when the process ended; `rights-changed`: somebody went on with a workflow that says otherwise
  who may answer. None of these is a fault.
- `principal`: it is not on record who gave an answer that not everybody may give. `rights`: they were not entitled.
- `shown`: another question was shown than the one on record. `votes`: the votes do not come to the answer.
- `default`: what stands for an answer that nobody gave is not the question's default.
- `after-end`: it was decided after the session had ended.
- `approval`: a tool ran without the approval that it takes. `arguments`: it ran with others than were approved.
"""

NOTICES = frozenset({"unanchored", "mended", "redacting", "rights-changed"})


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Something that does not hold.

    Attributes:
        session: The session; "" for the store as a whole.
        seq: The number of the entry, or of the line of the heads log; None where it is none in particular.
        rule: What does not hold.
        message: That in words.
    """

    session: str
    seq: int | None
    rule: Rule
    message: str

    @property
    def is_fault(self) -> bool:
        """Whether somebody has changed something, or was not entitled; else it is only told."""
        return self.rule not in NOTICES

    def to_dict(self) -> dict[str, Json]:
        """Return it as plain JSON values."""
        return {"session": self.session, "seq": self.seq, "rule": self.rule, "message": self.message}


@dataclass(slots=True)
class AuditReport:
    """What a verification came to.

    Attributes:
        sessions: How many sessions were looked at.
        decisions: How many decisions they hold.
        heads: How many signed heads there are; None where the store keeps none.
        last_head: The checksum of the last line of the heads log; who notes it elsewhere can compare it later.
        is_marked: Whether it is told beside the key how long the heads log was.
        findings: What does not hold.
    """

    sessions: int = 0
    decisions: int = 0
    heads: int | None = None
    last_head: str = ""
    is_marked: bool = False
    findings: list[AuditFinding] = field(default_factory=list)

    @property
    def faults(self) -> list[AuditFinding]:
        """The findings that are faults."""
        return [each for each in self.findings if each.is_fault]

    @property
    def notices(self) -> list[AuditFinding]:
        """The findings that are none."""
        return [each for each in self.findings if not each.is_fault]
