"""Evidence from inside the network: what it holds before it acts, and what changes when that does.

From the trials of a campaign with local models: activations at decision points (`capture`), whether
they tell ahead of time what the subject will do (`probes`), where in the network a threat takes
effect (`patching`), and what becomes of behaviour when a direction is added or taken out
(`steering`). Each comes with its controls, and is tied to rates of behaviour with intervals.
"""
