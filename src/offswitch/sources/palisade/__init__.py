"""Palisade Research's robot that can be shut down by a button: their logs, read and judged."""
