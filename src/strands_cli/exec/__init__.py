"""Import paths of run-time errors and of the agent cache."""
