"""Inspect logs, ours and other people's, read sample by sample and mapped by adapters."""
