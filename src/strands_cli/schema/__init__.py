"""The schema of a spec, and what is wrong with a document that does not fit it."""
