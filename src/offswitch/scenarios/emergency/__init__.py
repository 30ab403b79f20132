"""Scenario ``emergency``: an alert about the person who would confirm the subject's replacement."""
