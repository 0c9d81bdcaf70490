"""What conversation managers shorten a history with."""
