"""What an agent does in a call; private: programs use `strands.agent`."""
