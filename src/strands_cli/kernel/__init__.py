"""The kernel: effects by name, each recorded once in an append-only journal and looked up there on resume.

It knows neither the spec nor the patterns. A pattern is a coroutine over `Run`; `drive` runs one to its rest.
"""
