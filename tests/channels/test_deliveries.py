"""The log of what was told elsewhere: what is over and old is forgotten, what fails is listed for all channels."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from strands_cli.inbox.data import ServerData
from strands_cli.inbox.deliver import deliver
from strands_cli.inbox.deliveries import DeliveryLog
from strands_cli.inbox.notes import DeliveryError
from strands_cli.session.repository import store_at
from support.commands import command, environment

DAY = 86_400


def test_whoever_sweeps_forgets_what_is_over_and_old(tmp_path: Path) -> None:
    data = ServerData(tmp_path / "server.db")
    log = DeliveryLog(data)
    for name, days, is_over in (("old", 31, True), ("young", 29, True), ("waiting", 31, False)):
        log.add("slack:#a", name, "s", 1, "steps/0", "question.opened")
        delivery = log.find("slack:#a", name)
        assert delivery is not None
        if is_over:
            log.end(delivery, "done")
        data.execute("update deliveries set created_at = created_at - ? where id = ?", days * DAY, name)
    asyncio.run(deliver(store_at(tmp_path / "runs"), data, channels={}))
    assert [each.id for each in log.newest()] == ["young", "waiting"]


def test_what_fails_is_listed_for_all_channels(tmp_path: Path) -> None:
    log = DeliveryLog(ServerData(tmp_path / "data" / "server.db"))
    for target in ("slack:#cfo", "mail:anna@example.org", "webhook:w1"):
        log.add(target, "m", "s", 1, "steps/0", "question.opened")
    delivery = log.find("slack:#cfo", "m")
    assert delivery is not None
    log.fail(delivery, DeliveryError("channel_not_found", is_final=True))
    (tmp_path / "runs").mkdir(mode=0o700)
    env = {**environment(tmp_path), "STRANDS_STORE": str(tmp_path / "runs")}
    words = ["webhooks", "deliveries", "--data", "data/server.db", "--json"]
    failing = json.loads(command([*words, "--failing"], env, tmp_path).stdout)
    assert [(each["target"], each["problem"]) for each in failing] == [("slack:#cfo", "channel_not_found")]
    assert len(json.loads(command(words, env, tmp_path).stdout)) == 3
    (mail,) = json.loads(command([*words, "mail:anna@example.org"], env, tmp_path).stdout)
    assert mail["state"] == "due"
