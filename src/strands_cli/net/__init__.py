"""HTTP for tools: only to addresses that the outside world may reach, unless the spec allows a host."""
