"""The `strands` command: one file a command, imported when it is used."""
