"""A desk that enters one number, and a plan for tonight."""
