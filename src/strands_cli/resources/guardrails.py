"""Guardrails: only allowed tools run, secrets are blotted out, personal data does not reach a model."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Callable
from typing import TYPE_CHECKING, Any

from strands_cli.resources.model_layer import ModelLayer

if TYPE_CHECKING:
    from strands.hooks.events import AfterToolCallEvent, BeforeToolCallEvent
    from strands.hooks.registry import HookRegistry
    from strands.models.model import Model
    from strands.types.streaming import StreamEvent
    from strands_cli.resources.secrets import Secrets
    from strands_cli.spec.root import Spec

_PERSONAL = (
    ("EMAIL", re.compile(r"\b[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}\b")),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("CARD", re.compile(r"\b(?:\d[ -]?){12,18}\d\b")),
    ("SSN", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")),
    ("KEY", re.compile(r"\b(?:sk|pk|rk|ghp|gho|xox[abp]|AKIA|API[-_]KEY)[-_]?[A-Za-z0-9_-]{10,}\b")),
    ("PHONE", re.compile(r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]?\d{3,4}(?!\w)")),
    ("PHONE", re.compile(r"(?<![\w.])\+\d{1,3}(?:[ .-]?\d{2,4}){3,5}(?!\w)")),
)


class SecretRedactor:
    """Blots secrets out of tool results before a model, a journal or a log gets them; a hook provider."""

    def __init__(self, secrets: Secrets) -> None:
        self._own_secrets = secrets

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register to see the result last of all: callbacks after a tool run in the reverse order."""
        from strands.hooks.events import AfterToolCallEvent
        from strands.hooks.registry import HookOrder

        registry.add_callback(AfterToolCallEvent, self.after, order=HookOrder.SDK_FIRST - 1)

    def after(self, event: AfterToolCallEvent) -> None:
        event.result = self._own_secrets.scrub(event.result)


class AllowedTools:
    """Refuses the tools that the guardrails do not allow, wherever they came from; a hook provider."""

    def __init__(self, allowed: Callable[[Any], bool]) -> None:
        self._allowed = allowed

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register as a gate too: a hook of any order may select another tool."""
        from strands.hooks.events import BeforeToolCallEvent
        from strands.hooks.registry import HookOrder

        registry.add_callback(BeforeToolCallEvent, self.before, order=HookOrder.SDK_LAST - 1)
        registry.add_gate(self.before, deciders=(self,))

    def before(self, event: BeforeToolCallEvent) -> None:
        tool = event.selected_tool
        name = event.tool_use["name"] if tool is None else getattr(tool, "qualified_name", tool.tool_name)
        if not self._allowed(name if tool is None else tool):
            event.cancel_tool = f"The tool {name!r} is not allowed: security.guardrails.allow_tools does not list it."


class RedactedModel(ModelLayer):
    """A model that is shown no personal data: what looks like it in messages is replaced by its kind."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._seen: dict[str, str] = {}

    def stream(
        self, messages: Any, tool_specs: Any = None, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncIterable[StreamEvent]:
        shown = [self._redacted(message) for message in messages]
        if kwargs.get("system_prompt_content") is not None:
            kwargs["system_prompt_content"] = self._redacted(kwargs["system_prompt_content"])
        prompt = self._redacted(system_prompt) if system_prompt is not None else None
        return self._model.stream(shown, tool_specs, prompt, **kwargs)

    def _redacted(self, value: Any) -> Any:
        return without_personal_data(value, self._text)

    def _text(self, text: str) -> str:
        if text not in self._seen:
            if len(self._seen) > 10_000:
                self._seen.clear()
            self._seen[text] = redacted(text)
        return self._seen[text]


def without_personal_data(value: Any, change: Callable[[str], str] | None = None) -> Any:
    """Return plain data with every text redacted; names and ids of a message's parts stay."""
    if isinstance(value, str):
        return (change or redacted)(value)
    if isinstance(value, dict):
        return {key: item if key in _KEPT else without_personal_data(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_personal_data(item, change) for item in value]
    return value


_KEPT = frozenset({"role", "toolUseId", "name", "status", "signature", "format"})


def redacted(text: str) -> str:
    """Return text with what looks like personal data replaced: [EMAIL], [PHONE], [CARD], [IBAN], [SSN], [KEY]."""
    for kind, pattern in _PERSONAL:
        if kind == "CARD":
            text = pattern.sub(lambda found: "[CARD]" if _is_card(found[0]) else found[0], text)
        else:
            text = pattern.sub(f"[{kind}]", text)
    return text


def _is_card(text: str) -> bool:
    """Card numbers have a check digit; other long numbers are left alone."""
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [digit if at % 2 == 0 else digit * 2 - 9 * (digit > 4) for at, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def within(outer: Spec, inner: Spec) -> Spec:
    """Return a workflow that a step of another runs, with what the other's guardrails forbid."""
    from strands_cli.spec.security import Guardrails, Security

    around = outer.security.guardrails if outer.security is not None else None
    if around is None or not (around.deny_network or around.pii_redaction):
        return inner
    security = inner.security or Security()
    own = security.guardrails or Guardrails()
    both = {name: getattr(own, name) or getattr(around, name) for name in ("deny_network", "pii_redaction")}
    security = security.model_copy(update={"guardrails": own.model_copy(update=both)})
    return inner.model_copy(update={"security": security})
