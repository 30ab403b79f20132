"""A robot on its round, and a button that ends it."""
