"""Where secrets could get out: journals, models and logs get none, whatever tools, hooks and people say."""

from __future__ import annotations

import contextlib
import logging
import threading
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from strands_cli.resources.model_layer import ModelLayer
from strands_cli.resources.spellings import SpellingStream

if TYPE_CHECKING:
    from strands.journal.excerpt import Decide
    from strands.models.model import Model
    from strands.types.streaming import StreamEvent
    from strands_cli.kernel.journal import Journal
    from strands_cli.kernel.types import Draft, Entry
    from strands_cli.resources.secrets import Secrets
    from strands_cli.resources.spellings import Spellings

_FIELDS = frozenset(
    {"of", "id", "agent", "lane", "driver", "digest", "idempotency_key", "agent_record", "error_type", "format"}
    | {"spec", "literals", "base_dir", "directory", "output_dir", "files", "workflow", "pattern", "brought", "app"}
)
"""Fields of an entry that the engine reads; what people, tools and models say stands in the others."""


class SecretFreeJournal:
    """A journal that no secret is written to: every entry is scrubbed on its way in.

    Args:
        journal: The journal that is written.
        secrets: The secrets.
    """

    def __init__(self, journal: Journal, secrets: Secrets) -> None:
        self._journal = journal
        self._own_secrets = secrets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        """Append as the journal does, without the secrets."""
        from strands_cli.kernel.journal import append_durably

        clean = [self.as_written(draft) for draft in drafts]
        if durable:
            return await append_durably(self._journal, clean, expect=expect)
        return await self._journal.append(clean, expect=expect)

    async def rewrite(
        self, change: Callable[[Entry], Mapping[str, Any]], drafts: Sequence[Draft], *, expect: int
    ) -> list[Entry]:
        """Rewrite as the journal does, without the secrets; append where it cannot."""
        rewrite = getattr(self._journal, "rewrite", None)
        if rewrite is None:
            return await self.append(drafts, expect=expect)
        clean = [self.as_written(draft) for draft in drafts]
        return list(await rewrite(change, clean, expect=expect))

    async def answer(self, keys: Sequence[str], decide: Decide, *, now: float | None = None) -> list[Entry]:
        """Append as the journal does what is decided, without the secrets."""
        from strands.journal.excerpt import answer

        return await answer(self._journal, keys, lambda there: [*map(self.as_written, decide(there))], now=now)

    def as_written(self, draft: Draft) -> Draft:
        """Return an entry as it is written."""
        return _secret_free(draft, self._own_secrets)


def _secret_free(draft: Draft, secrets: Secrets) -> Draft:
    data = draft.data.items()
    return draft._replace(data={name: item if name in _FIELDS else secrets.scrub(item) for name, item in data})


def secret_free(journal: Journal, secrets: Secrets) -> Journal:
    """Return a journal that gets no secret; the journal itself when there are none."""
    return cast("Journal", SecretFreeJournal(journal, secrets)) if secrets else journal


def of_session(journal: Journal, opened: Mapping[str, Any]) -> Journal:
    """Return the journal of a session for writing, by the secrets of the spec that it was opened with."""
    secrets = None if isinstance(journal, SecretFreeJournal) else _secrets_of(opened)
    return journal if secrets is None else secret_free(journal, secrets)


def secret_free_drafts(drafts: Sequence[Draft], opened: Mapping[str, Any]) -> list[Draft]:
    """Return what is to be written to a session without the secrets of the spec that it was opened with."""
    secrets = _secrets_of(opened) if drafts else None
    return list(drafts) if secrets is None else [_secret_free(draft, secrets) for draft in drafts]


def _secrets_of(opened: Mapping[str, Any]) -> Secrets | None:
    declared = ((opened.get("spec") or {}).get("env") or {}).get("secrets")
    literals = opened.get("literals") or ()
    if not (declared or literals):
        return None
    from strands_cli.resources.literals import literals_of
    from strands_cli.resources.secrets import Secrets
    from strands_cli.spec.env import Secret

    secrets = [Secret.model_validate(each) for each in declared or ()]
    unknown, find = dict.fromkeys(literals, ""), partial(literals_of, literals, opened.get("file"))
    return Secrets(secrets, Path(opened.get("base_dir") or "."), unknown, find)


class SecretFreeModel(ModelLayer):
    """A model that is told no secret, and whose replies hold none: it may have been given one in disguise."""

    def __init__(self, model: Model, secrets: Secrets) -> None:
        super().__init__(model)
        self._own_secrets = secrets

    def stream(
        self, messages: Any, tool_specs: Any = None, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncIterable[StreamEvent]:
        scrub = self._own_secrets.scrub
        if kwargs.get("system_prompt_content") is not None:
            kwargs["system_prompt_content"] = scrub(kwargs["system_prompt_content"])
        stream = self._model.stream(scrub(messages), scrub(tool_specs), scrub(system_prompt), **kwargs)
        spellings = self._own_secrets.spellings()
        return _scrubbed(stream, spellings) if spellings else stream


async def _scrubbed(stream: AsyncIterable[StreamEvent], spellings: Spellings) -> AsyncIterator[StreamEvent]:
    """Scrub a reply; a secret may be cut anywhere into pieces."""
    held: dict[str, _Held] = {}
    closing: Any = contextlib.aclosing(stream) if hasattr(stream, "aclose") else contextlib.nullcontext()
    async with closing:
        async for event in stream:
            plain = cast("dict[str, Any]", event)
            if "contentBlockDelta" in plain:
                yield cast("StreamEvent", _delta(plain, held, spellings))
                continue
            if "contentBlockStop" in plain or "messageStop" in plain:
                for each in held.values():
                    rest = each.stream.end()
                    if rest:
                        yield cast("StreamEvent", each.with_text(rest))
                held.clear()
            yield event


class _Held:
    """Text of one kind in one block, and the newest event that brought some."""

    def __init__(self, spellings: Spellings) -> None:
        self.stream = SpellingStream(spellings)
        self.event: dict[str, Any] = {}
        self.path: tuple[str, ...] = ()

    def with_text(self, text: str) -> dict[str, Any]:
        return cast("dict[str, Any]", _replaced(self.event, self.path, text))


_PATHS = (("text",), ("toolUse", "input"), ("reasoningContent", "text"))


def _delta(event: dict[str, Any], held: dict[str, _Held], spellings: Spellings) -> dict[str, Any]:
    delta = event["contentBlockDelta"]["delta"]
    for path in _PATHS:
        text = _found(delta, path)
        if isinstance(text, str):
            each = held.setdefault("/".join(path), _Held(spellings))
            each.event, each.path = event, ("contentBlockDelta", "delta", *path)
            return each.with_text(each.stream.feed(text))
    return cast("dict[str, Any]", _replaced(event, ("contentBlockDelta", "delta"), spellings.scrubbed_data(delta)))


def _found(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _replaced(value: Any, path: tuple[str, ...], new: Any) -> Any:
    return {**value, path[0]: _replaced(value[path[0]], path[1:], new)} if path else new


# -- logs -----------------------------------------------------------------------------------------------------------

_active: weakref.WeakSet[Secrets] = weakref.WeakSet()
_installing = threading.Lock()
_installed = False


@contextlib.contextmanager
def scrubbed_logs(secrets: Secrets) -> Iterator[None]:
    """While this is open, no log record of this process holds a secret."""
    global _installed
    with _installing:
        if not _installed:
            logging.setLogRecordFactory(_factory(logging.getLogRecordFactory()))
            _installed = True
        _active.add(secrets)
    try:
        yield
    finally:
        _active.discard(secrets)


def _factory(previous: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def make(*arguments: Any, **more: Any) -> logging.LogRecord:
        record = previous(*arguments, **more)
        for secrets in list(_active):
            _clean(record, secrets)
        return record

    return make


def _clean(record: logging.LogRecord, secrets: Secrets) -> None:
    try:
        said = record.getMessage()
    except (TypeError, ValueError):  # a malformed record is for logging to complain of
        return
    clean = secrets.scrub(said)
    if clean != said:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[0] is not None:
        raised = logging.Formatter().formatException(record.exc_info)
        clean = secrets.scrub(raised)
        if clean != raised:
            record.exc_info, record.exc_text = None, clean
