"""routing: an agent chooses which chain of steps runs; a person may confirm or change the choice."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.loader.names import own_first
from strands_cli.patterns import chain, shapes
from strands_cli.patterns.answers import APPROVING, approves, asks_for, short, understood
from strands_cli.patterns.step import Context, Done, StepResult, answered, ask, last_agent, offering, prompt_for, text
from strands_cli.plan.model import Edge, Plan, one, one_of, step_node, steps_plan

if TYPE_CHECKING:
    from strands_cli.spec.routing import RoutingConfig


async def run(config: RoutingConfig, run: Run, names: Names) -> Outcome:
    """Have the router choose, then run that route as a chain in a lane of its own."""
    said, route = await _chosen(config, run, names)
    router = {**said.names(), "chosen_route": route}
    scope = answered({**names, "router": router}, said)
    if config.router.review_router is not None:
        reviewed = await _reviewed(config, run, scope)
        route = _route_of(reviewed.response, route, config.routes)
        scope = {**answered(scope, reviewed), "router": {**router, "chosen_route": route}}
    scope = offering(scope, chosen_route=route, router_agent=config.router.agent)
    lane = f"routes/{route}"
    ended = await run.all({lane: partial(chain.steps, config.routes[route].then, run, scope, f"{lane}/steps")})
    scope = ended[lane]
    context = {"chosen_route": route, "router_agent": config.router.agent, "router": scope["router"]}
    context["steps"] = scope["steps"]
    scope = offering(scope, total_steps=len(scope["steps"]))
    return Outcome(text(scope["last_response"]), context, scope, last_agent((router, *scope["steps"])))


async def _chosen(config: RoutingConfig, run: Run, names: Names) -> tuple[StepResult, str]:
    router, routes = config.router, config.routes
    shape = shapes.route_shape(routes)
    prompt = prompt_for(run, router, names)
    if not asks_for(f"{prompt}\n{run.default_prompt(router.agent, own_first(names))}", "json", "route", *routes):
        prompt = f"{prompt}\n\n{shape}"

    understand = partial(shapes.route, routes=routes)
    expects = {"kind": "router", "routes": list(routes)}
    return await understood(
        run,
        router,
        names,
        "router",
        prompt,
        understand,
        shape=shape,
        expects=expects,
        retries=router.max_retries,
        last=True,
    )


async def _reviewed(config: RoutingConfig, run: Run, names: Names) -> StepResult:
    """Have a person confirm the choice or name another route; what means neither is refused."""
    review, routes = config.router.review_router, config.routes
    assert review is not None
    yes, names_of_routes = "|".join(APPROVING), "|".join(map(re.escape, routes))
    pattern = rf"\s*(?:(?i:{yes})[.!]?|(?i:route\s*:)?\s*(?i:{names_of_routes}))\s*"
    return await ask(
        run,
        review,
        names,
        "router/review",
        pattern=pattern,
        refusal=f"answer {_allowed(routes)}.",
        hint=_allowed(routes),
    )


def _route_of(answer: Any, chosen: str, routes: Collection[str]) -> str:
    if approves(answer):
        return chosen
    before, colon, after = text(answer).partition(":")
    route = shapes.named(after if colon and before.strip().casefold() == "route" else text(answer), routes)
    if route is None:
        cause = f"'router/review' was answered {short(answer)}, which names no route"
        raise ExecutionError(cause, hint=f"The step's default and choices must be {_allowed(routes)}.")
    return route


def _allowed(routes: Collection[str]) -> str:
    return f"approved, or route:NAME with one of {', '.join(routes)}"


def plan(config: RoutingConfig) -> Plan:
    """Return the router, its review, and the routes of which one is taken."""
    head = one(step_node(config.router, "router", at_most=1 + config.router.max_retries))
    if config.router.review_router is not None:
        head = head.then(one(step_node(config.router.review_router, "router/review")))
    routes = {
        name: steps_plan(route.then, f"routes/{name}/steps", group=f"routes/{name}")
        for name, route in config.routes.items()
    }
    taken = one_of(*routes.values())
    edges = (Edge(head.ends[0], start, name) for name, route in routes.items() for start in route.starts)
    return Plan(head.nodes + taken.nodes, (*head.edges, *edges, *taken.edges), head.starts, taken.ends, taken.choices)


def so_far(done: Done) -> Context:
    """Return the choice, and what is done of the route."""
    router = [shown for key, shown in done.items() if re.fullmatch(r"router(/\d+)?", key)]
    context: Context = {"router": router[-1], "router_agent": router[-1]["agent"]} if router else {}
    for route, steps in chain.lanes(done).items():
        context.update(chosen_route=route, steps=steps)
    return context
