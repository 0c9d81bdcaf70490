"""Mail: people are told what waits for them, with a link to answer by; looking at the link answers nothing."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from strands._threads import on_disk
from strands_cli.channels.channel import (
    ChannelContext,
    ChannelError,
    ChannelNote,
    ChannelRoute,
    DeliveryError,
    Receipt,
)
from strands_cli.inbox.links import Links
from strands_cli.people import Person
from strands_cli.terminal.escape import one_line, unambiguous
from strands_cli.types import OpenQuestion

SMTP = "STRANDS_SMTP"
"""The environment variable with the server: `smtp://user:password@host:587`, `smtps://host`, `...?starttls=no`."""

FROM = "STRANDS_MAIL_FROM"
"""The environment variable with the address that mails are from."""

SECONDS = 20.0
_PORTS = {"smtp": 587, "smtps": 465}
_LOCAL = ("localhost", "127.0.0.1", "::1")
_EXAMPLE = "Write smtp://user:password@host:587, or smtps://user:password@host."


@dataclass(frozen=True)
class MailSettings:
    """How mails are sent.

    Attributes:
        host: The server.
        port: Its port.
        sender: The address that they are from.
        user: The user's name there; "" for nobody.
        password: The user's password.
        tls: From the first byte on (`tls`), after a word (`starttls`), or not at all (`no`).
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"


class MailChannel:
    """Sends mails; `to` is an address.

    Args:
        context: What it uses.
        settings: How mails are sent.
    """

    name: str = "mail"

    def __init__(self, context: ChannelContext, settings: MailSettings) -> None:
        self._context = context
        self._settings = settings
        self._links = Links(context.data)

    async def notify(self, note: ChannelNote, to: str) -> Receipt:
        """Send a mail; who gets it twice sees that it is the same, by its id."""
        if note.question is None:
            raise DeliveryError("there is nothing to answer", is_final=True)
        message = self._message(note, note.question, to)
        await on_disk(lambda: self._send(message))
        return Receipt()

    async def close(self, receipt: Receipt, note: ChannelNote) -> None:
        """Do nothing: a mail cannot be changed, and its link says that it is answered."""

    def routes(self) -> Sequence[ChannelRoute]:
        """Return nothing: answers come in by the page of the link."""
        return ()

    def _message(self, note: ChannelNote, question: OpenQuestion, to: str) -> EmailMessage:
        address = parseaddr(to)[1]
        if "@" not in address or any(character < " " for character in to):
            raise DeliveryError(f"{to!r} is no address", is_final=True)
        message = EmailMessage()
        words = {"question.reminded": "Still open", "question.escalated": "Nobody has answered"}
        about = one_line(question.prompt, 100)
        message["Subject"] = f"{words.get(note.event, 'Question')}: {one_line(note.workflow, 60)}: {about}"
        message["From"], message["To"] = self._settings.sender, address
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = f"<{note.id}@{parseaddr(self._settings.sender)[1].rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n".join(self._lines(note, question, to)))
        return message

    def _lines(self, note: ChannelNote, question: OpenQuestion, to: str) -> list[str]:
        lines = [unambiguous(question.prompt), ""]
        if question.context:
            lines += [unambiguous(question.context), ""]
        if question.choices:
            lines += [f"Choices: {', '.join(unambiguous(str(choice)) for choice in question.choices)}", ""]
        if question.deadline is not None:
            until = datetime.fromtimestamp(question.deadline, timezone.utc)
            lines += [f"Until {until:%Y-%m-%d %H:%M} UTC.", ""]
        link = self._link(note, question, to)
        if link:
            lines += ["Answer here. The link is for you alone, and opening it answers nothing yet:", link, ""]
        if note.url:
            lines += ["Or sign in:" if link else "Answer here:", note.url, ""]
        return lines

    def _link(self, note: ChannelNote, question: OpenQuestion, to: str) -> str:
        """Return a link to answer by, where it is known whose address it is and a link is strong enough."""
        person, least = self._person(to), str((question.ask or {}).get("auth") or "link")
        if person is None or not self._context.origin or least in ("token", "login"):
            return ""
        token = self._links.create(note.ref, person.key, question.shown, expires_at=question.deadline)
        return f"{self._context.origin}/a/{token}"

    def _person(self, to: str) -> Person | None:
        found = [each for each in self._context.people.by_key.values() if f"mail:{to}" in each.notify]
        return found[0] if len(found) == 1 else None

    def _send(self, message: EmailMessage) -> None:
        settings = self._settings
        try:
            with self._connected() as server:
                if settings.tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if settings.user:
                    server.login(settings.user, settings.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _refused(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"{settings.host}: {error}") from error

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.tls == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=SECONDS, context=context)
        return smtplib.SMTP(settings.host, settings.port, timeout=SECONDS)


def channel(context: ChannelContext) -> MailChannel | None:
    """Return the channel where STRANDS_SMTP is set.

    Raises:
        ChannelError: It names no server, or STRANDS_MAIL_FROM no address.
    """
    place = os.environ.get(SMTP, "")
    return MailChannel(context, settings_of(place, os.environ.get(FROM, ""))) if place else None


def settings_of(place: str, sender: str) -> MailSettings:
    """Return how mails are sent.

    Args:
        place: The URL of the server.
        sender: The address that they are from.

    Raises:
        ChannelError: One of them is none.
    """
    try:
        parts = urlsplit(place)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise ChannelError(f"{SMTP} names no mail server", hint=_EXAMPLE) from None
    if not parts.hostname:
        raise ChannelError(f"{SMTP} names no mail server", hint=_EXAMPLE)
    if "@" not in parseaddr(sender)[1]:
        raise ChannelError(f"{FROM} is no address", hint="Write the address that mails are from.")
    told = parse_qs(parts.query).get("starttls", [""])[-1]
    is_plain = told == "no" or (not told and parts.hostname in _LOCAL)
    tls = "tls" if parts.scheme == "smtps" else ("no" if is_plain else "starttls")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailSettings(parts.hostname, port, sender, user, password, tls)


def _refused(code: int, said: bytes | str) -> DeliveryError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return DeliveryError(f"the mail server said {code} {text}", status=code, is_final=550 <= code <= 559)
