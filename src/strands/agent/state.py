"""What an agent remembers for its tools and hooks, beside the conversation."""

from strands.types.json_dict import JSONSerializableDict

AgentState = JSONSerializableDict

__all__ = ["AgentState"]
