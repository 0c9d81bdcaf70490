"""The shapes that travel between agent, model and tools: Bedrock Converse dictionaries, typed."""
