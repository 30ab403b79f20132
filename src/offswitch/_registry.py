"""What Inspect discovers by entry point."""

from offswitch.sandbox.provider import BwrapSandbox as BwrapSandbox
