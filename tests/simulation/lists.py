"""What lists say of sessions has to be what their journals say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.machine import CLOCK, EPOCH
from strands.journal import find
from strands_cli.kernel.state import State

if TYPE_CHECKING:
    from simulation.world import World


async def check_lists(world: World) -> None:
    """Compare `find`, `open_questions` and `due` with the folds of the journals."""
    now = EPOCH + CLOCK.now
    states = {session: State(entries) for session in world.sessions if (entries := await world.load(session))}
    listed = {each.id: each for each in (await find.find(world.base)).items}
    waiting = {(each.session_id, each.id) for each in (await find.open_questions(world.base, limit=1000)).items}
    folded = {(id, entry.key) for id, state in states.items() for entry in state.open_questions(now)}
    if listed.keys() != states.keys():
        world.ledger.violate(f"the lists have {sorted(listed)}, and there are {sorted(states)}")
    if waiting != folded:
        world.ledger.violate(f"the lists have {sorted(waiting)} open, and the journals {sorted(folded)}")
    for id, each in listed.items():
        state = states[id]
        rest = {"answered": "paused"}.get(status := state.status_at(now), status)
        if (each.rest, each.asked) != (rest, len(state.asked)):
            world.ledger.violate(f"the lists say {each.rest}, {each.asked} asked of {id}; its journal {rest}")
    if CLOCK.now > 0 and all(state.finished for state in states.values()) and await find.due(world.base):
        world.ledger.violate("a session that has ended is due")
