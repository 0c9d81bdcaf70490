"""A deterministic simulation: sessions among machines, stores, engines and people that all fail, from one seed."""
