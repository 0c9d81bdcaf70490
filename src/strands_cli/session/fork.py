"""A fork: a new session with what another had recorded, but for one of its steps and what follows from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from strands.journal.excerpt import now_of
from strands_cli.errors import SessionError
from strands_cli.kernel import timers
from strands_cli.kernel.forked import PROMPTS, noted, without_note
from strands_cli.kernel.journal import Journal, copy_session
from strands_cli.kernel.principal import Principal, os_principal
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from strands_cli.plan.model import Plan
from strands_cli.resources.redaction import secret_free_drafts
from strands_cli.session.answers import answers_to
from strands_cli.session.fork_prompts import check_prompts
from strands_cli.session.repository import SessionRepository
from strands_cli.types import Json

_CARRIED = ("started", "done", "asked", "answered", "expired", "voted", "noted", "retry", "redacted")


async def fork(
    store: SessionRepository,
    journal: Journal,
    at: str,
    *,
    session_id: str,
    now: float,
    plan: Plan,
    principal: Principal | None = None,
    answers: Mapping[str, Json] | None = None,
    prompts: Mapping[str, str] | None = None,
) -> Journal:
    """Copy a session but for a step and what follows from it, durably and at once; the original stays as it is.

    What other lanes did, which does not follow from that step, is kept. A question at which it is forked is open in the
    copy, as are those that nobody had answered; their deadlines, reminders and escalations begin anew.

    Args:
        store: Where the new session is kept.
        journal: The session to copy.
        at: The key of the first step (or question) that is to happen again.
        session_id: The new session's id.
        now: Unix time in seconds.
        plan: What the workflow does.
        principal: Who does this.
        answers: Question id to answer, by who does this: each is a new answer, admitted as any other is.
        prompts: The key of a step that happens again to what it is told instead.

    Returns:
        The new session's journal; resuming it runs from `at` on.

    Raises:
        SessionError: The session has no such step, a prompt is for none that happens again, or a question that is not
            for everybody was answered for what it would be told otherwise.
        SessionExistsError: The new id is taken.
        AnswerError, NotEntitledError, InvalidAnswerError: An answer is not taken; nothing was made.
    """
    entries = await journal.load()
    state = State(entries)
    kept = list(_kept(entries, state, at, journal.session_id, plan))
    answered = {entry.key for entry in kept if entry.kind in ("answered", "expired")}
    clock = await now_of(journal)
    drafts = [_asked_anew(entry, now, clock) if _is_open(entry, answered) else Draft(*entry[1:]) for entry in kept]
    waiting = [draft.key for draft in drafts if draft.kind == "asked" and draft.key not in answered]
    if at in waiting:
        drafts.append(Draft("paused", "", {"seconds": 0.0, "questions": waiting}, now))
    origin: dict[str, Json] = {"session": journal.session_id, "at": at}
    if principal is not None:
        origin["principal"] = principal.to_dict()
    origin["entries"] = len(drafts)
    told = {**state.origin, "left": [], "forked_from": origin}
    if prompts:
        check_prompts(state, kept, prompts, plan)
        (clean,) = secret_free_drafts([Draft("opened", "", {PROMPTS: dict(prompts)}, now)], state.origin)
        told[PROMPTS] = {**(state.origin.get(PROMPTS) or {}), **clean.data[PROMPTS]}
        drafts = [_with_note(told, draft) if draft.key in waiting else draft for draft in drafts]
    drafts = [Draft("opened", "", told, now), *_renumbered(kept, drafts)]
    if answers:
        by = principal or os_principal()
        drafts += answers_to(session_id, drafts, answers, by=by, now=clock, at=now)
    return await copy_session(store, journal, drafts, session_id)


def _with_note(origin: Mapping[str, Json], draft: Draft) -> Draft:
    context = noted(origin, without_note(origin, draft.data.get("context")))
    return draft._replace(data={**draft.data, "context": context}) if draft.kind == "asked" else draft


def _renumbered(kept: Sequence[Entry], drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Yield what the copy holds; an answer names the votes that made it by their numbers there."""
    numbers = {entry.seq: number for number, entry in enumerate(kept, start=1)}
    for draft in drafts:
        if "votes" in draft.data:
            votes = [numbers[seq] for seq in draft.data["votes"] if seq in numbers]
            draft = draft._replace(data={**draft.data, "votes": votes})
        yield draft


def _is_open(entry: Entry, answered: set[str]) -> bool:
    return entry.kind == "asked" and entry.key not in answered


def _asked_anew(entry: Entry, now: float, clock: float) -> Draft:
    """Return what asks a question again, from `now` by the clock of who writes and `clock` by the store's."""
    data: dict[str, Json] = dict(entry.data)
    if data.get("deadline") is not None:
        data["deadline"] = clock + data.get("timeout", data["deadline"] - entry.at)
    if "timers" in data:
        data["timers"] = timers.asked_anew(data["timers"], clock)
    return Draft("asked", entry.key, data, now)


def _kept(entries: Sequence[Entry], state: State, at: str, session_id: str, plan: Plan) -> Iterator[Entry]:
    """Yield what the copy holds, in its order."""
    first = next((entry.seq for entry in entries if at and entry.key == at), None)
    if first is None:
        first = next((entry.seq for entry in entries if at and _within(entry.key, at)), None)
    if first is None:
        steps = dict.fromkeys(entry.key for entry in entries if entry.kind in ("started", "asked") and entry.key)
        raise SessionError(
            f"session {session_id!r} has no step {at!r}",
            hint=f"It has: {', '.join(steps)}." if steps else "Nothing of it has run yet: resume it.",
        )
    begun: dict[str, int] = {}
    for entry in entries:
        begun.setdefault(_step(entry, state), entry.seq)
    again = {step for step in begun if _within(step, at)} or {_step(entries[first], state)}
    around = _around(again, plan)
    later = {
        step
        for step, seq in begun.items()
        if seq > first and (_follows(step, again, plan) or _comes_after(step, around, plan))
    }
    asked_at = entries[first].kind == "asked"
    for entry in entries:
        step = _step(entry, state)
        if entry.kind not in _CARRIED or step in later or entry.key in state.left:
            continue
        if entry.kind == "voted" and entry.key not in state.answered:
            continue  # who has not decided yet is asked anew
        if step in around and entry.kind == "done" and entry.seq > first:
            continue  # it comes to something else
        if step not in again or entry.seq < first or (asked_at and entry.seq == first):
            yield entry


def _within(key: str, at: str) -> bool:
    return key == at or key.startswith(f"{at}/")


def _step(entry: Entry, state: State) -> str:
    """Return the step that an entry belongs to: its own key, or that of the step inside which it happened."""
    owner = entry.data.get("of")
    return state.step(owner) if isinstance(owner, str) else entry.key


def _follows(step: str, again: set[str], plan: Plan) -> bool:
    """Whether a step that began after those that happen again may rest on one of them."""
    return any(_rests_on(step, each, plan) for each in again)


def _around(steps: Iterable[str], plan: Plan) -> set[str]:
    """Return the steps that others stand in: those of a list's items, those of a workflow that a step runs."""
    parts = [each.split("/") for each in steps]
    heads = {"/".join(part[:length]) for part in parts for length in range(1, len(part))}
    return {head for head in heads if (node := plan.owner(head)) and node.id.count("/") == head.count("/")}


def _comes_after(step: str, around: Collection[str], plan: Plan) -> bool:
    """Whether a step comes after others, in none of which it stands."""
    return any(not _within(step, each) and _rests_on(step, each, plan) for each in around)


def _rests_on(step: str, earlier: str, plan: Plan) -> bool:
    if _are_beside(step, earlier):
        return False
    node, source = plan.owner(step), plan.owner(earlier)
    if node is None or source is None:
        return True
    if node.id == source.id and "*" in node.id.rpartition("/")[2]:
        return step.rpartition("/")[0] != earlier.rpartition("/")[0]  # workers of one round know nothing of each other
    return node.id in _reachable(plan, source.id)


def _are_beside(step: str, other: str) -> bool:
    """Whether two steps belong to different items of one list: those know nothing of each other."""
    parts = zip(("", *step.split("/")), step.split("/"), other.split("/"), strict=False)
    return next((before == "items" for before, mine, theirs in parts if mine != theirs), False)


def _reachable(plan: Plan, source: str) -> set[str]:
    found = {source}
    waiting = [source]
    while waiting:
        here = waiting.pop()
        for edge in plan.edges:
            if edge.source == here and edge.target not in found:
                found.add(edge.target)
                waiting.append(edge.target)
    return found
