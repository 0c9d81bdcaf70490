"""Names that were once experimental."""
