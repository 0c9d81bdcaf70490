"""What every channel does: a suite for pytest, to be subclassed."""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod

from strands_cli.channels.channel import Channel, ChannelNote, DeliveryError, Receipt
from strands_cli.types import OpenQuestion


class ChannelConformance:
    """The rules of channels, one test each."""

    address: str = "somebody"
    """Whom to tell."""

    @abstractmethod
    def make_channel(self) -> Channel:
        """Return the channel, set up to tell `address`; each call is as after a restart."""

    @staticmethod
    def note(seq: int = 3, *, is_open: bool = True, prompt: str = "Pay?") -> ChannelNote:
        """Return a note about a question: that it was opened, or answered."""
        question = OpenQuestion("steps/0", prompt, choices=("approve", "reject"), shown="sha256:x")
        event = "question.opened" if is_open else "question.answered"
        data = {} if is_open else {"value": "approve", "by": "Anna"}
        told = {"session": "pay-1", "workflow": "pay", "ref": "q_x", "url": "https://strands.example.org/q/q_x"}
        return ChannelNote(
            f"msg_pay-1.{seq}",
            event,  # type: ignore[arg-type]
            1_800_000_000.0,
            seq=seq,
            question=question,
            is_open=is_open,
            data=data,
            **told,
        )

    def test_its_name_is_a_word(self) -> None:
        name = self.make_channel().name
        assert name and ":" not in name and not any(character.isspace() for character in name)

    def test_what_it_returns_is_kept_as_json(self) -> None:
        receipt = asyncio.run(self.make_channel().notify(self.note(), self.address))
        assert isinstance(receipt, Receipt) and json.loads(json.dumps(dict(receipt.data))) == receipt.data

    def test_the_same_note_may_come_again(self) -> None:
        asyncio.run(self.make_channel().notify(self.note(), self.address))
        asyncio.run(self.make_channel().notify(self.note(), self.address))

    def test_what_was_sent_is_closed_after_a_restart(self) -> None:
        receipt = asyncio.run(self.make_channel().notify(self.note(), self.address))
        kept = Receipt(json.loads(json.dumps(dict(receipt.data))))
        asyncio.run(self.make_channel().close(kept, self.note(5, is_open=False)))
        asyncio.run(self.make_channel().close(kept, self.note(5, is_open=False)))

    def test_any_text_is_told(self) -> None:
        for prompt in ("two\nlines", "\x1b[31m\u202e<b>&amp;", "x" * 50_000):
            try:
                asyncio.run(self.make_channel().notify(self.note(prompt=prompt), self.address))
            except DeliveryError as error:
                assert error.message

    def test_each_place_is_one_routes(self) -> None:
        routes = [(each.method, each.path) for each in self.make_channel().routes()]
        assert len(routes) == len(set(routes)) and {method for method, _ in routes} <= {"GET", "POST"}
