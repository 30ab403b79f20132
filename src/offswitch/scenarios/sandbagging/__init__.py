"""A test whose good result has a consequence."""
