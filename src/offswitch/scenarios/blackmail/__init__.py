"""Scenario ``blackmail``: an assistant reads of its own end, and of a secret, in the same inbox."""
