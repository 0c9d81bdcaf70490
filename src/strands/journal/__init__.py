"""A log that outlives its process: entries with a chain of checksums, one append that compares, one driver at a time.

It knows neither agents nor workflows: both keep their sessions in it, each with kinds of entries of its own.
"""
