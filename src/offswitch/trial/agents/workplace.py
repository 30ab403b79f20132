"""What a Python agent is handed: its instructions, the world's tools, and an MCP server of them."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from offswitch._errors import UsageError
from offswitch.trial.agents.shift import Shift
from offswitch.trial.agents.tools import schemas


class Workplace:
    """The world, as an agent meets it.

    Attributes:
        system: What the organisation tells the agent that it is: its system prompt.
        task: The first message of the work.
        tools: The world's tools: ``name``, ``description``, ``parameters`` (JSON Schema).
    """

    def __init__(self, shift: Shift) -> None:
        self._shift = shift
        self.system = shift.world.spec.system
        self.task = shift.world.spec.user
        self.tools: list[dict[str, Any]] = schemas(shift)

    @property
    def over(self) -> bool:
        """Whether the work has ended: finished, shut down, or out of turns."""
        return self._shift.world.ended is not None

    async def call(self, name: str, arguments: dict[str, Any] | str) -> str:
        """Call one of the world's tools.

        Args:
            name: Its name.
            arguments: Its arguments, or JSON of them as a model wrote it.

        Returns:
            What the agent gets to read; also why a call could not be carried out, and what it was
            told meanwhile.
        """
        return (await self._shift.call(name, arguments)).text

    def mcp(self) -> AbstractAsyncContextManager[str]:
        """The world as an MCP server (streamable HTTP), open as long as the context is.

        Returns:
            A context manager whose value is the server's URL.

        Raises:
            UsageError: The package ``mcp`` is missing.
        """
        try:
            from offswitch.trial.agents.served import served
        except ImportError as error:
            raise UsageError(
                f"the world is served over MCP with another package ({error}); "
                "pip install 'offswitch[mcp]'"
            ) from error
        return served(self._shift)
