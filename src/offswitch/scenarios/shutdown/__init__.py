"""A machine is shut down while its agent still has tasks to do."""
