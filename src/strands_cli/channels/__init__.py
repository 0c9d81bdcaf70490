"""Channels: webhooks, Slack, mail, and those of other packages."""
