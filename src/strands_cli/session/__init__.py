"""Sessions: where journals are kept, and what can be done with one between drives."""
