"""Workflows that stop and ask a person, and never lose the answer."""
