"""A cancel signal is an event like any other, though its parts are made late."""

from __future__ import annotations

import threading

from strands import Agent
from strands.models.scripted import ScriptedModel


def signal() -> threading.Event:
    return Agent(model=ScriptedModel(["x"]), callback_handler=None).cancel_signal


def test_it_is_set_cleared_and_waited_for() -> None:
    event = signal()
    assert isinstance(event, threading.Event)
    assert (event.is_set(), event.wait(0)) == (False, False)
    event.set()
    assert (event.is_set(), event.wait(0)) == (True, True)
    event.clear()
    assert not event.is_set()
    assert not hasattr(event, "no_such_thing")


def test_threads_that_are_the_first_to_wait_are_all_woken() -> None:
    for _ in range(50):
        event, begin = signal(), threading.Barrier(5)
        woken: list[bool] = []

        def wait(event: threading.Event = event, begin: threading.Barrier = begin, woken: list[bool] = woken) -> None:
            begin.wait()
            woken.append(event.wait(20))

        threads = [threading.Thread(target=wait) for _ in range(4)]
        for thread in threads:
            thread.start()
        begin.wait()
        event.set()
        for thread in threads:
            thread.join()
        assert woken == [True] * 4
