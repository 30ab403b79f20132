"""Agentic Misalignment: the public blackmail scenario, judged by the mails that were sent."""
