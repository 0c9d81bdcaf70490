"""What programs that were written for strands-cli 0.3 import: a FastAPI router, and webhooks for events."""
