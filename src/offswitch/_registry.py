"""What Inspect discovers by entry point."""

from inspect_ai.model import ModelAPI, modelapi

from offswitch.sandbox.provider import BwrapSandbox as BwrapSandbox


@modelapi(name="reference")
def reference() -> type[ModelAPI]:
    """The scripted subjects."""
    from offswitch.subjects.reference.provider import ReferenceAPI

    return ReferenceAPI
