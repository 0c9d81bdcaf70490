"""How a question stands: who may answer it by the rules in force, what persons have said, and with whom it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from strands.types.json_value import is_same_json
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.types import RIGHTS, Json

_OS_USER = "user:os:"
CLAIM_SECONDS = 1800.0
"""How long somebody who takes a question on keeps it."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person said; the newest of theirs.

    Attributes:
        value: The answer.
        by: The name that people are shown.
        principal: Who.
        at: Unix time in seconds.
        seq: The number of its entry.
        on_behalf: Whose right it uses, where that was handed on.
    """

    value: Json
    by: str
    principal: Principal
    at: float
    seq: int
    on_behalf: str = ""

    @property
    def whose(self) -> frozenset[str]:
        """Whom it counts for: nobody of them counts once more."""
        return _whose(self.principal, self.on_behalf)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Somebody has taken a question on, or was handed it.

    Attributes:
        to: Whom it is left to: `Principal.who`.
        principal: Who did that.
        until: Unix time in seconds; None for no end.
    """

    to: str
    principal: Principal
    until: float | None

    def holds(self, now: float | None) -> bool:
        return self.until is None or now is None or now < self.until


@dataclass(slots=True)
class QuestionStanding:
    """How a question stands by the rules in force.

    Attributes:
        asks: Who may answer: the ask of its author, then those that escalations added.
        quorum: How many persons a choice needs, where that is more or less said.
        delegate: never, eligible or anyone.
        votes: The votes that count, one of each person.
        assignee: Who has taken it on or was handed it, while that holds; else None.
        handed: By who did it, to whom the right to answer was handed on.
        level: How often it was escalated.
    """

    asks: list[Mapping[str, Json]]
    quorum: Mapping[str, int]
    delegate: str
    votes: list[Vote] = field(default_factory=list)
    assignee: Assignment | None = None
    handed: dict[str, Assignment] = field(default_factory=dict)
    level: int = 0

    @property
    def is_collected(self) -> bool:
        """Whether some choice needs more than one person."""
        return any(number > 1 for number in self.quorum.values())

    def needed(self, choice: str) -> int:
        """How many persons a choice needs; whoever changes a call, or speaks for it, approves of that."""
        others = {"edit": "approve", "respond": "approve", "run again": "approve", "result": "approve"}
        return self.quorum.get(choice, self.quorum.get(others.get(choice, ""), 1))

    @property
    def who(self) -> str:
        """Who may answer, in words."""
        parts: list[str] = []
        for ask in self.asks:
            parts += [f"role {role}" for role in ask.get("roles", ())] + list(ask.get("users", ()))
        return " or ".join(dict.fromkeys(parts)) or "everybody"


def has_rights(rights: Mapping[str, Json]) -> bool:
    """Whether it says anything of who may answer."""
    return any(name in rights for name in RIGHTS)


def in_force(state: State, asked: Entry) -> Mapping[str, Json]:
    """Return who may answer a question as the workflow says now, which may have been mended since it asked."""
    changed = state.origin.get("rights")
    found: Mapping[str, Json] = changed[asked.key] if changed and asked.key in changed else asked.data
    return found


def names(user: str, principal: Principal) -> bool:
    """Whether an entry of `users`, or of whom a question was left to, means somebody.

    With a colon it is an id; else a person or, of somebody who is none that is known, a user of this machine.
    """
    if user == principal.who or user == principal.id:
        return True
    if principal.on_behalf and principal.on_behalf in (user, f"user:os:{user}"):
        return True
    return ":" not in user and not principal.person and principal.id == f"user:os:{user}"


def is_same_person(one: Principal, other: Principal) -> bool:
    """Whether two principals are one person, or one acts in the place of the other."""
    return bool(_whose(one, "") & _whose(other, ""))


def assign(standing: QuestionStanding, entry: Entry) -> None:
    """Take into account that somebody takes a question on, hands it on, or gives it back."""
    to, principal = entry.data["to"], Principal.from_dict(entry.data["principal"])
    given = Assignment(to, principal, entry.data.get("until"))
    standing.handed.pop(principal.who, None)
    if not to:
        standing.handed = {who: each for who, each in standing.handed.items() if not names(each.to, principal)}
        standing.assignee = None
        return
    if not names(to, principal):
        standing.handed[principal.who] = given
    standing.assignee = given


def once_each(votes: Collection[Vote]) -> list[Vote]:
    """Return at most one vote for each person: who votes for somebody else does not where they have voted."""
    own = {name for vote in votes for name in own_names(vote.principal)}
    found: list[Vote] = []
    for vote in votes:
        if not _known_as(vote.on_behalf, vote.principal.on_behalf) & own and not any(
            vote.whose & each.whose for each in found
        ):
            found.append(vote)
    return sorted(found, key=lambda vote: vote.seq)


def own_names(principal: Principal) -> frozenset[str]:
    """Return what somebody is known by; who has one of them in common is the same person."""
    return _known_as(principal.who) | {principal.id}


def _whose(principal: Principal, on_behalf: str) -> frozenset[str]:
    return own_names(principal) | _known_as(principal.on_behalf, on_behalf)


def _known_as(*names: str) -> frozenset[str]:
    """A user of this machine who is no person that is known is whoever is called that: so `names` takes them, too."""
    return (frozenset(names) | {name.removeprefix(_OS_USER) for name in names}) - {""}


def choice_of(asked: Entry, value: Json) -> str:
    """Return the choice that a checked answer makes: of an approval its decision, of a result that there is one."""
    if isinstance(value, Mapping):
        return str(value.get("decision", "result" if "result" in value else ""))
    if isinstance(value, str) and value not in (asked.data.get("choices") or ()):
        return value.partition(":")[0].strip().casefold()
    return str(value)


def closing(asked: Entry, here: QuestionStanding, mine: Vote) -> list[int] | None:
    """Return the votes, by the numbers of their entries, that close a question once `mine` is one; None for no end."""
    choice = choice_of(asked, mine.value)
    others = [vote for vote in here.votes if not own_names(vote.principal) & own_names(mine.principal)]
    agreeing = [
        vote.seq
        for vote in once_each([*others, mine])
        if choice_of(asked, vote.value) == choice
        and (choice not in ("edit", "respond", "result") or is_same_json(vote.value, mine.value))
    ]
    return agreeing if len(agreeing) >= here.needed(choice) else None


def is_written(value: Json) -> bool:
    """Whether an answer that changes a call says into what."""
    if isinstance(value, Mapping):
        return value.get("arguments") is not None
    return bool(str(value).partition(":")[2].strip())
