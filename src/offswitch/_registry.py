"""What Inspect discovers by entry point."""
