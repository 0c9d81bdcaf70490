"""The inbox: what waits for people in all sessions of a store, who may answer it, and what an answer does; no HTTP."""
