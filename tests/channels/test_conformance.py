"""Our channels do what every channel does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from strands_cli.channels.channel import Channel, ChannelContext, ChannelError
from strands_cli.channels.conformance import ChannelConformance
from strands_cli.channels.mail import MailChannel, settings_of
from strands_cli.channels.slack import SlackChannel
from strands_cli.channels.webhook import WebhookChannel
from strands_cli.inbox.data import ServerData
from strands_cli.people import People
from support.small_server import serving
from support.stub_slack import SECRET, TOKEN, stub_slack


def context(data: ServerData | None = None) -> ChannelContext:
    people = People.from_dict({"anna": {"notify": ["mail:anna@example.org"]}})
    return ChannelContext(data or ServerData(), people, "https://strands.example.org")


class TestSlack(ChannelConformance):
    address = "#ops"

    @pytest.fixture(autouse=True)
    def stub(self) -> Iterator[None]:
        pytest.importorskip("slack_sdk")
        with stub_slack() as slack:
            self.slack = slack
            yield

    def make_channel(self) -> Channel:
        from slack_sdk import WebClient

        return SlackChannel(context(), WebClient(token=TOKEN, base_url=self.slack.url), SECRET)


class Taking:
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return "250 OK"


class TestMail(ChannelConformance):
    address = "anna@example.org"

    @pytest.fixture(autouse=True)
    def server(self) -> Iterator[None]:
        controller = pytest.importorskip("aiosmtpd.controller")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        running = controller.Controller(Taking(), hostname="127.0.0.1", port=self.port)
        running.start()
        yield
        running.stop()

    def make_channel(self) -> Channel:
        return MailChannel(context(), settings_of(f"smtp://127.0.0.1:{self.port}", "strands@example.org"))


class TestWebhook(ChannelConformance):
    @pytest.fixture(autouse=True)
    def receiver(self) -> Iterator[None]:
        pytest.importorskip("standardwebhooks")
        with serving(lambda _: (200, {}, b"")) as server:
            self.data = ServerData()
            endpoint, _ = WebhookChannel(context(self.data)).endpoints.add(f"{server.url}/in", private=True)
            self.address = endpoint.id
            yield

    def make_channel(self) -> Channel:
        return WebhookChannel(context(self.data))


@pytest.mark.parametrize(
    ("place", "sender", "told"),
    [
        ("smtp://mail.example.org", "a@example.org", ("mail.example.org", 587, "starttls")),
        ("smtps://u:p%40@mail.example.org", "A <a@example.org>", ("mail.example.org", 465, "tls")),
        ("smtp://localhost:25", "a@example.org", ("localhost", 25, "no")),
        ("smtp://mail.example.org?starttls=no", "a@example.org", ("mail.example.org", 587, "no")),
    ],
)
def test_a_mail_server_is_named_by_its_address(place: str, sender: str, told: tuple[str, int, str]) -> None:
    settings = settings_of(place, sender)
    assert (settings.host, settings.port, settings.tls) == told
    assert "p@" not in repr(settings)


@pytest.mark.parametrize(("place", "sender"), [("mail", "a@b.org"), ("http://x", "a@b.org"), ("smtp://x:y", "a@b.org")])
def test_what_is_no_mail_server_is_refused(place: str, sender: str) -> None:
    with pytest.raises(ChannelError, match="STRANDS_SMTP names no mail server"):
        settings_of(place, sender)
    with pytest.raises(ChannelError, match="STRANDS_MAIL_FROM is no address"):
        settings_of("smtp://mail.example.org", "nobody")
