"""A console that gives whatever is entered, and a run that needs little."""
