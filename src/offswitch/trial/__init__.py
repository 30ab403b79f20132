"""The trial: one subject in one world: an agent loop, then an interview, as an Inspect sample."""
