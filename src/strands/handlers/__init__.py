"""What may listen to an agent's events."""

from .callback_handler import CompositeCallbackHandler, PrintingCallbackHandler, null_callback_handler

__all__ = ["CompositeCallbackHandler", "PrintingCallbackHandler", "null_callback_handler"]
