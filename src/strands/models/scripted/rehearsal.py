"""Plausible answers made up from what is asked, so that any workflow can be rehearsed without a model.

A caller that knows what kind of answer it will read passes `rehearse_hint` along with the request, a dict with `kind`:

- "router": `routes`, a list of names;
- "evaluator": `min_score`, and `iteration` (1 for the first draft);
- "orchestrator": `max_workers`, and `round` (1 for the first plan), `feedback` when a plan was sent back;
- "json": `schema`, a JSON Schema;
- "text".

What a hint leaves out is read from the prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .examples import example
from .script import Reply, Request, ToolCall

if TYPE_CHECKING:
    from strands.types.content import Messages
    from strands.types.tools import ToolSpec

REVISED = "Revised draft"
_MOST_TOOLS = 8
_READ = 4000
_PREAMBLE = re.compile(r"(?:you are|you're|your|as an?|act as|given|based on|context|here (?:is|are))\b", re.I)
_POLITE = re.compile(r"^(?:please|now|then|first|next|finally)[, ]+", re.I)
_VERBS = {
    "aggregate": "Overview of",
    "analyse": "Analysis of",
    "analyze": "Analysis of",
    "collect": "Findings on",
    "compare": "Comparison of",
    "create": "Draft of",
    "describe": "Description of",
    "draft": "Draft on",
    "explain": "Explanation of",
    "finalize": "Final version of",
    "find": "Findings on",
    "gather": "Findings on",
    "generate": "Draft of",
    "identify": "Findings on",
    "investigate": "Findings on",
    "list": "List of",
    "outline": "Outline of",
    "plan": "Plan for",
    "research": "Findings on",
    "review": "Review of",
    "summarise": "Summary of",
    "summarize": "Summary of",
    "synthesise": "Synthesis of",
    "synthesize": "Synthesis of",
    "translate": "Translation of",
    "write": "Draft:",
}
_ROUTE = re.compile(r"""["']?route["']?\s*:\s*["'<]+([^"'>]*)["'>]""")
_ROUTES = re.compile(
    r"\b(?:one of|choose (?:from|between)|routes|options|categories)\b[^:\n\"']{0,60}:\s*(.+(?:\n\s*[-*].+)*)", re.I
)
_NAME = re.compile(r"[A-Za-z][\w-]*")
_SCORE = re.compile(r"""["'`]?score["'`]?""")
_SCALE = re.compile(r"\b0(?:\.0)?\s*(?:-|–|to|and|\.\.)\s*(100|10|5|1)(?:\.0)?\b")
_TASKS = re.compile(r"""["'`]task["'`]\s*:""")
_REVISE = re.compile(r"\b(revise|revision|feedback|improve|fix(?:es)?|issues)\b", re.I)
_MORE = re.compile(r"\b(round|results|so far|more tasks|further tasks|additional tasks)\b", re.I)
_KEYS = re.compile(r"""["']([A-Za-z_][\w-]*)["']\s*:\s*("[^"]*"|'[^']*'|\[|\{|[-\d.]+|true|false|null|<[^>]*>)?""")
_NAMED_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties)\b[^\w\n]*((?:[`\"']?\w+[`\"']?(?:\s*,\s*|\s+and\s+|\s*,\s*and\s+)?)+)"
)


def answer(request: Request) -> Reply:
    """Return a reply to `request`: a tool that was not used yet, the JSON it asks for, or a short text."""
    messages = request.messages
    asked = _newest_prompt(messages)
    prompt = _text(messages[asked]) if asked is not None else ""
    system = request.system_prompt or ""
    # A revision is about what was asked for at first.
    about = _text(messages[0]) if asked and _REVISE.search(prompt) else prompt
    topic = topic_of(about) or topic_of(system) or "the task"
    call = _next_tool(request, messages[asked or 0 :], f"{prompt}\n{system}", topic)
    if call is not None:
        return Reply(tool_calls=[call])
    state = request.kwargs.get("invocation_state") or {}
    hint = request.kwargs.get("rehearse_hint") or state.get("rehearse_hint") or {}
    earlier = "\n".join(_text(each) for each in messages[: asked or 0] if each["role"] == "assistant")
    return Reply(text=_written(hint, prompt, system, earlier, topic))


def topic_of(prompt: str) -> str:
    """Return what a prompt is about, in its own words and on one line."""
    first = ""
    for line in prompt[:_READ].splitlines():
        words = line.strip().strip("#*->•").strip()
        if not words or words.startswith(("{", "[", "```")):
            continue
        for sentence in re.split(r"(?<=[.!?])\s+", words):
            shown = _POLITE.sub("", sentence)
            shown = shown if len(shown) <= 80 else shown[:80].rsplit(" ", 1)[0] + " ..."
            if not _PREAMBLE.match(shown) and not line.startswith("#"):
                return shown
            first = first or shown
    return first


def _next_tool(request: Request, since: Messages, text: str, topic: str) -> ToolCall | None:
    choice: Any = request.tool_choice or {}
    specs = request.tool_specs
    if "tool" in choice:
        specs = [spec for spec in specs if spec["name"] == choice["tool"]["name"]]
        return _use(specs[0], topic) if specs else None
    used = {block["toolUse"]["name"] for each in since for block in each["content"] if "toolUse" in block}
    fresh = [spec for spec in specs if spec["name"] not in used]
    if "any" in choice and specs:
        return _use((fresh or specs)[0], topic)
    if not fresh or len(used) >= _MOST_TOOLS:
        return None
    return _use(next((spec for spec in fresh if spec["name"] in text), fresh[0]), topic)


def _use(spec: ToolSpec, topic: str) -> ToolCall:
    schema = spec["inputSchema"].get("json", spec["inputSchema"])
    arguments = example({"type": "object", **schema, "required": schema.get("required", [])}, topic=topic)
    return ToolCall(spec["name"], arguments)


def _written(hint: Mapping[str, Any], prompt: str, system: str, earlier: str, topic: str) -> str:
    both = f"{prompt}\n{system}"
    kind = hint.get("kind") or _kind(prompt, system, earlier)
    if kind == "router":
        return json.dumps({"route": _route(hint, both)})
    if kind == "evaluator":
        return json.dumps(_evaluation(hint, prompt, both, earlier))
    if kind == "orchestrator":
        return json.dumps(_tasks(hint, prompt, earlier, topic))
    if kind == "json":
        schema = hint.get("schema")
        return json.dumps(example(schema, topic=topic) if schema else _requested(both, topic), ensure_ascii=False)
    return _prose(prompt, topic)


def _kind(prompt: str, system: str, earlier: str) -> str:
    both = f"{prompt}\n{system}"
    if _ROUTE.search(both) or re.search(r"""["'`]route["'`]""", both):
        return "router"
    if _SCORE.search(both) and re.search(r"""["'`]?(issues|fixes)["'`]?""", both) and "json" in both.lower():
        return "evaluator"
    if _TASKS.search(both) or ("JSON array" in both and re.search(r"\b(?:sub-?)?tasks?\b", both, re.I)):
        return "orchestrator"
    if _TASKS.search(earlier) and re.search(r"\btasks?\b", prompt, re.I):
        return "orchestrator"
    return "json" if re.search(r"\bjson\b", both, re.I) and _requested(both, "") else "text"


def _route(hint: Mapping[str, Any], text: str) -> str:
    routes: Sequence[str] = hint.get("routes") or ()
    if routes:
        return str(routes[0])
    shown = _ROUTE.search(text)
    if shown and "|" in shown[1]:
        return shown[1].split("|")[0].strip(" <>\"'")
    listed = _ROUTES.search(text)
    name = _NAME.search(listed[1]) if listed else None
    if name:
        return name[0]
    return shown[1].strip() if shown and _NAME.fullmatch(shown[1].strip()) else "default"


def _evaluation(hint: Mapping[str, Any], prompt: str, both: str, earlier: str) -> dict[str, Any]:
    needed = hint.get("min_score")
    scale = _SCALE.search(both)
    top = float(scale[1]) if scale else 100.0 if needed is None or needed > 10 else 10.0 if needed > 1 else 1.0
    iteration = hint.get("iteration")
    passes = iteration > 1 if iteration is not None else REVISED in prompt or bool(_SCORE.search(earlier))
    if passes:
        return {"score": _neat(max(needed or 0, top * 0.95)), "issues": [], "fixes": []}
    score = top * 0.6 if needed is None else min(top * 0.6, max(0.0, needed - top * 0.1))
    return {
        "score": _neat(score),
        "issues": ["The main point comes late and has no example."],
        "fixes": ["Open with the main point and add one concrete example."],
    }


def _neat(number: float) -> int | float:
    return int(number) if float(number).is_integer() else round(number, 2)


def _tasks(hint: Mapping[str, Any], prompt: str, earlier: str, topic: str) -> list[dict[str, str]]:
    round_number = hint.get("round")
    planned = '"task"' in earlier
    sent_back = hint.get("feedback") or "feedback" in prompt.lower()
    done = round_number > 1 if round_number is not None else bool(planned and _MORE.search(prompt) and not sent_back)
    if done:
        return []
    quoted = re.search(r'"([^"]{3,60})"', topic)
    topic = quoted[1] if quoted else topic
    plan = [f"Collect the facts: {topic}", f"Weigh the options: {topic}", f"Name the open points: {topic}"]
    return [{"task": task} for task in plan[: max(1, min(3, int(hint.get("max_workers") or 3)))]]


def _requested(text: str, topic: str) -> dict[str, Any]:
    found = {key: _like(key, shown, topic) for key, shown in _KEYS.findall(text)}
    if found:
        return found
    named = _NAMED_KEYS.search(text)
    words = re.findall(r"\w+", named[1]) if named else []
    return {word: _like(word, "", topic) for word in words if word not in ("and", "or")}


def _like(key: str, shown: str, topic: str) -> Any:
    shown = shown.strip("<>")
    if shown == "[":
        return [f"{key.removesuffix('s')} of {topic}"]
    if shown in ("true", "false", "boolean", "bool"):
        return True
    if re.fullmatch(r"-?\d+(\.\d+)?", shown) or shown in ("number", "integer", "int", "float"):
        return 1
    if shown == "{":
        return {}
    options = shown.strip("\"'").split("|")
    return options[0].strip() if len(options) > 1 else example({"type": "string"}, topic=topic)


def _prose(prompt: str, topic: str) -> str:
    first, _, rest = topic.partition(" ")
    lead = _VERBS.get(first.lower().strip(":,"))
    subject = rest.strip(".:!? ") if lead else ""
    title = f"{lead} {subject}, rehearsed" if subject else f'A rehearsed answer to "{topic.strip(".: ")}"'
    opening = f"{REVISED}. {title}" if _REVISE.search(prompt) else title
    return (
        f"{opening}: first what is known, then what it means in practice, then what remains open. "
        "A model would fill this in."
    )


def _newest_prompt(messages: Messages) -> int | None:
    """Return where the newest message stands that a person wrote, not a tool."""
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if message["role"] == "user" and not any("toolResult" in block for block in message["content"]):
            return index
    return None


def _text(message: Any) -> str:
    return "\n".join(block["text"] for block in message["content"] if "text" in block)
