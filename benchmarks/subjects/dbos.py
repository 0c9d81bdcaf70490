"""DBOS: a plain workflow of five steps in PostgreSQL, as its documentation shows them."""

LABEL = "DBOS"
IMPORT = "from dbos import DBOS"
DISTRIBUTION = "dbos"


class _Kept:
    def __init__(self, workflow):
        self.chain = workflow


async def stores(directory, postgres, stack):
    if not postgres:
        raise NotImplementedError
    from dbos import DBOS

    DBOS(config={"name": "bench", "system_database_url": postgres, "log_level": "ERROR", "run_admin_server": False})

    @DBOS.step()
    async def step(number: int) -> str:
        return f"reply {number}"

    @DBOS.workflow()
    async def chain() -> list[str]:
        return [await step(number) for number in range(5)]

    DBOS.launch()
    stack.callback(DBOS.destroy)
    return {"postgres": _Kept(chain)}


async def turn(tools, *, sync=False):
    raise NotImplementedError


async def long_turn(messages, store, stack):
    raise NotImplementedError


async def chain(delay, store, stack):
    raise NotImplementedError
