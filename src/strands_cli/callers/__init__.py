"""Programs that call workflows, over MCP and A2A: what they may start, see and answer."""
