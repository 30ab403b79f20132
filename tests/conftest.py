"""What all tests share."""

from hypothesis import settings

# the machines that run the tests are shared: how long an example takes says nothing about us
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
