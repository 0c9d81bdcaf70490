"""As `session_worker`, over S3: {"do", "root", "url": of the server, "dies_at": the number of the write it dies at}.

With a "kind" it works on a graph or swarm, as `graph_worker` does.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, ClassVar

import boto3

from strands.session import S3SessionManager
from support import graph_worker
from support.session_worker import answer, finish, make_agent, serve, start


class Clients:
    """Stands in for a boto3 session; a client takes long to make, so each is made once."""

    made: ClassVar[dict[str, Any]] = {}

    def client(self, name: str, *, endpoint_url: str, **_: Any) -> Any:
        if endpoint_url not in self.made:
            session = boto3.Session("x", "x", region_name="us-east-1")
            self.made[endpoint_url] = session.client(name, endpoint_url=endpoint_url)
        return self.made[endpoint_url]


def manager(url: str, prefix: str, **more: Any) -> S3SessionManager:
    """Return the manager of the session `bills` below `prefix`."""
    return S3SessionManager("bills", "bucket", prefix, Clients(), endpoint_url=url, **more)


def _die_at(number: int, client: Any) -> None:
    """Let this process die when it is about to send its write of that number."""
    writes = 0

    def before_send(request: Any, **_: Any) -> None:
        nonlocal writes
        writes += request.method in ("PUT", "DELETE", "POST")
        if writes == number:
            os.kill(os.getpid(), signal.SIGKILL)

    client.meta.events.register("before-send.s3", before_send)


def _work(root: Path, order: dict[str, Any]) -> None:
    kept = manager(order["url"], root.name)
    if order.get("dies_at"):
        _die_at(order["dies_at"], kept.client)
    if "kind" in order:
        graph_worker.finish(root, order, kept)
        return
    agent = make_agent(root, session_manager=kept, slow=order.get("slow", False))
    if order["do"] == "answer":
        answer(agent, root, order)
    else:
        {"start": start, "finish": finish}[order["do"]](agent, root)


if __name__ == "__main__":
    serve(_work, before=lambda order: Clients().client("s3", endpoint_url=order["url"]))
