"""Claude binds its thoughts to the history before them: where that has changed, it may be asked to leave them out."""

STALE = "bound to a different conversation"
"""What it says of them."""
BETA = "thinking-binding-controls-2026-08-01"
DROPPED = {"prefix_mismatch_behavior": "drop_block"}
"""The `block_binding` of `thinking` that leaves them out."""
