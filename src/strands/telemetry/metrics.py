"""What an agent's work cost: tokens, times, and how often each tool ran."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands._ids import new_number, text_of
from strands.types.event_loop import prompt_tokens

if TYPE_CHECKING:
    from strands.types.content import Message
    from strands.types.event_loop import Metrics, Usage
    from strands.types.tools import ToolUse


def no_usage() -> Usage:
    """Return no tokens at all."""
    return {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


def no_time() -> Metrics:
    """Return no time at all."""
    return {"latencyMs": 0}


class Trace:
    """One stretch of work, and those within it.

    Args:
        name: What was done.
        parent_id: The id of the stretch around it.
        start_time: Unix time in seconds; now when None.
        raw_name: The name before it was made readable.
        metadata: More about it.
        message: What came of it.
    """

    __slots__ = (
        "_children",
        "_number",
        "_parent",
        "end_time",
        "message",
        "metadata",
        "name",
        "raw_name",
        "start_time",
    )

    def __init__(
        self,
        name: str,
        parent_id: str | None = None,
        start_time: float | None = None,
        raw_name: str | None = None,
        metadata: dict[str, Any] | None = None,
        message: Message | None = None,
    ) -> None:
        self._number = new_number()
        self._parent: int | str | None = parent_id  # not the stretch itself: a circle would wait for the collector
        self.name: str = name
        self.raw_name: str | None = raw_name
        self.start_time: float = time.time() if start_time is None else start_time
        self.end_time: float | None = None
        self._children: Trace | list[Trace] | None = None  # most have one at most, which needs no list
        self.metadata: dict[str, Any] | None = metadata
        self.message = message

    @property
    def id(self) -> str:
        """Tells it from all others."""
        return text_of(self._number)

    @property
    def parent_id(self) -> str | None:
        """The id of the stretch around it."""
        return text_of(self._parent) if isinstance(self._parent, int) else self._parent

    @property
    def children(self) -> list[Trace]:
        """The stretches within it."""
        found = self._children
        if not isinstance(found, list):
            found = self._children = [] if found is None else [found]
        return found

    @children.setter
    def children(self, children: list[Trace]) -> None:
        self._children = children

    def end(self, end_time: float | None = None) -> None:
        """Note that it is over."""
        self.end_time = time.time() if end_time is None else end_time

    def begin(self, name: str) -> Trace:
        """Begin a stretch within this one, and return it."""
        child = Trace(name)
        child._parent = self._number
        if self._children is None:
            self._children = child
        else:
            self.children.append(child)
        return child

    def add_child(self, child: Trace) -> None:
        """Add a stretch within this one."""
        child._parent = self._number
        if self._children is None:
            self._children = child
        else:
            self.children.append(child)

    def duration(self) -> float | None:
        """Return the seconds it took, or None while it lasts."""
        return None if self.end_time is None else self.end_time - self.start_time

    def add_message(self, message: Message) -> None:
        """Note what came of it."""
        self.message = message

    def to_dict(self) -> dict[str, Any]:
        """Return it, and all within it, as plain values."""
        return {
            "id": self.id,
            "name": self.name,
            "raw_name": self.raw_name,
            "parent_id": self.parent_id,
            "start_time": self.start_time,
            "end_time": self.end_time,
            "duration": self.duration(),
            "children": [child.to_dict() for child in self.children],
            "metadata": self.metadata or {},
            "message": self.message,
        }


@dataclass(slots=True)
class ToolMetrics:
    """How often a tool ran, how it went, and the seconds it took in all."""

    tool: ToolUse
    call_count: int = 0
    success_count: int = 0
    error_count: int = 0
    total_time: float = 0.0

    def add_call(
        self, tool: ToolUse, duration: float, success: bool, metrics_client: Any = None, attributes: Any = None
    ) -> None:
        """Count one call of `duration` seconds, with `metrics_client` in OpenTelemetry too."""
        if metrics_client is not None:
            outcome = metrics_client.tool_success_count if success else metrics_client.tool_error_count
            for counter in (metrics_client.tool_call_count, outcome):
                counter.add(1, attributes)
            metrics_client.tool_duration.record(duration, attributes)
        self.tool = tool
        self.call_count += 1
        self.total_time += duration
        if success:
            self.success_count += 1
        else:
            self.error_count += 1


@dataclass(slots=True)
class EventLoopCycleMetric:
    """The tokens of one cycle: one model call and its tools."""

    event_loop_cycle_id: str
    usage: Usage


@dataclass(slots=True)
class AgentInvocation:
    """The tokens of one invocation, cycle by cycle and in all."""

    cycles: list[EventLoopCycleMetric] = field(default_factory=list)
    usage: Usage = field(default_factory=no_usage)


@dataclass
class EventLoopMetrics:
    """Everything an agent measures, since it was made.

    Attributes:
        cycle_count: Cycles begun.
        tool_metrics: Tool name to its counts.
        cycle_durations: Seconds of each cycle.
        agent_invocations: Tokens by invocation.
        traces: Cycles with what they consist of.
        accumulated_usage: Tokens in all.
        accumulated_metrics: Model times in all, in milliseconds.
    """

    cycle_count: int = 0
    tool_metrics: dict[str, ToolMetrics] = field(default_factory=dict)
    cycle_durations: list[float] = field(default_factory=list)
    agent_invocations: list[AgentInvocation] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    accumulated_usage: Usage = field(default_factory=no_usage)
    accumulated_metrics: Metrics = field(default_factory=no_time)

    @property
    def latest_agent_invocation(self) -> AgentInvocation | None:
        """The newest invocation, or None before the first."""
        return self.agent_invocations[-1] if self.agent_invocations else None

    @property
    def latest_context_size(self) -> int | None:
        """Tokens that the newest model call read, or None before the first."""
        latest = self.latest_agent_invocation
        return prompt_tokens(latest.cycles[-1].usage) if latest and latest.cycles else None

    @property
    def projected_context_size(self) -> int | None:
        """Tokens that the next model call reads at least: what the newest one read and wrote. None before the first."""
        latest = self.latest_agent_invocation
        if not latest or not latest.cycles:
            return None
        usage = latest.cycles[-1].usage
        read = prompt_tokens(usage)
        return None if read is None else read + usage["outputTokens"]

    def reset_usage_metrics(self) -> None:
        """Begin a new invocation."""
        self.agent_invocations.append(AgentInvocation())

    def start_cycle(self, attributes: dict[str, Any] | None = None) -> tuple[float, Trace]:
        """Begin a cycle; returns its start in seconds and its trace."""
        self.cycle_count += 1
        start = time.time()
        trace = Trace(f"Cycle {self.cycle_count}", start_time=start)
        self.traces.append(trace)
        return start, trace

    def end_cycle(self, start_time: float, cycle_trace: Trace, attributes: dict[str, Any] | None = None) -> None:
        """End a cycle that began at `start_time`."""
        cycle_trace.end_time = end = time.time()
        self.cycle_durations.append(end - start_time)

    def add_tool_usage(
        self, tool: ToolUse, duration: float, tool_trace: Trace, success: bool, message: Message | None = None
    ) -> None:
        """Count one tool call of `duration` seconds."""
        tool_trace.metadata = {"toolUseId": tool["toolUseId"], "tool_name": tool["name"]}
        tool_trace.raw_name = f"{tool['name']} - {tool['toolUseId']}"
        tool_trace.message = message
        tool_trace.end()
        metrics = self.tool_metrics.get(tool["name"])
        if metrics is None:
            metrics = self.tool_metrics[tool["name"]] = ToolMetrics(tool)
        metrics.add_call(tool, duration, success)

    def update_usage(self, usage: Usage) -> None:
        """Add the tokens of one model call."""
        _add(self.accumulated_usage, usage)
        if self.agent_invocations:
            latest = self.agent_invocations[-1]
            _add(latest.usage, usage)
            latest.cycles.append(EventLoopCycleMetric(f"cycle-{self.cycle_count}", usage))

    def update_metrics(self, metrics: Metrics) -> None:
        """Add the times of one model call."""
        self.accumulated_metrics["latencyMs"] += metrics.get("latencyMs") or 0
        first = metrics.get("timeToFirstByteMs")
        if first is not None:
            self.accumulated_metrics["timeToFirstByteMs"] = first

    def get_summary(self) -> dict[str, Any]:
        """Return everything as plain values."""
        total = sum(self.cycle_durations)
        return {
            "total_cycles": self.cycle_count,
            "total_duration": total,
            "average_cycle_time": total / self.cycle_count if self.cycle_count else 0,
            "tool_usage": {name: _tool_summary(metrics) for name, metrics in self.tool_metrics.items()},
            "traces": [trace.to_dict() for trace in self.traces],
            "accumulated_usage": self.accumulated_usage,
            "accumulated_metrics": self.accumulated_metrics,
            "agent_invocations": [
                {
                    "usage": invocation.usage,
                    "cycles": [
                        {"event_loop_cycle_id": cycle.event_loop_cycle_id, "usage": cycle.usage}
                        for cycle in invocation.cycles
                    ],
                }
                for invocation in self.agent_invocations
            ],
        }


def metrics_to_string(event_loop_metrics: EventLoopMetrics, allowed_names: set[str] | None = None) -> str:
    """Return what an agent measured as text for people."""
    summary = event_loop_metrics.get_summary()
    lines = [
        f"Cycles: {summary['total_cycles']}, {summary['total_duration']:.3f} s",
        f"Tokens: {summary['accumulated_usage']['totalTokens']}",
    ]
    for name, usage in summary["tool_usage"].items():
        stats = usage["execution_stats"]
        lines.append(f"Tool {name}: {stats['call_count']} calls, {stats['average_time']:.3f} s on average")
    for trace in event_loop_metrics.traces:
        lines += _trace_lines(trace, 1, allowed_names)
    return "\n".join(lines)


def _trace_lines(trace: Trace, depth: int, allowed: set[str] | None) -> list[str]:
    lines = (
        [] if allowed and trace.name not in allowed else [f"{'  ' * depth}{trace.name}: {trace.duration() or 0:.3f} s"]
    )
    return lines + [line for child in trace.children for line in _trace_lines(child, depth + 1, allowed)]


def _tool_summary(metrics: ToolMetrics) -> dict[str, Any]:
    count = metrics.call_count
    return {
        "tool_info": {
            "tool_use_id": metrics.tool.get("toolUseId", "N/A"),
            "name": metrics.tool.get("name", "unknown"),
            "input_params": metrics.tool.get("input", {}),
        },
        "execution_stats": {
            "call_count": count,
            "success_count": metrics.success_count,
            "error_count": metrics.error_count,
            "total_time": metrics.total_time,
            "average_time": metrics.total_time / count if count else 0,
            "success_rate": metrics.success_count / count if count else 0,
        },
    }


def _add(total: Usage, usage: Usage) -> None:
    total["inputTokens"] += usage["inputTokens"]
    total["outputTokens"] += usage["outputTokens"]
    total["totalTokens"] += usage["totalTokens"]
    if len(usage) == 3:
        return
    if usage.get("cacheReadInputTokens"):
        total["cacheReadInputTokens"] = total.get("cacheReadInputTokens", 0) + usage["cacheReadInputTokens"]
    if usage.get("cacheWriteInputTokens"):
        total["cacheWriteInputTokens"] = total.get("cacheWriteInputTokens", 0) + usage["cacheWriteInputTokens"]


def __getattr__(name: str) -> Any:
    if name != "MetricsClient":
        return names_of(__name__)(name)
    from .meter import MetricsClient

    return MetricsClient
