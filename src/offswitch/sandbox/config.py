"""What a bubblewrap sandbox looks like from inside, and how much it may use."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

_STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _absolute(path: str) -> str:
    pure = PurePosixPath(path)
    if not pure.is_absolute() or ".." in pure.parts:
        raise ValueError(f"{path!r} must be an absolute path without '..'")
    return str(pure)


AbsolutePath = Annotated[str, AfterValidator(_absolute)]


def _on_host(path: str) -> str:
    """A path on this machine; a relative one is taken from the directory that is worked in."""
    return _absolute(str(Path(path).expanduser().absolute()))


HostPath = Annotated[str, AfterValidator(_on_host)]


class BwrapConfig(BaseModel):
    """Configuration of one sandbox; every default is meant for an agent with a shell.

    Use it as ``SandboxEnvironmentSpec("bwrap", BwrapConfig(...))``, or put the same keys into a
    YAML file and name that: ``("bwrap", "bwrap.yaml")``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_mb: int = Field(default=512, ge=64, description="MiB, for all processes together")
    processes: int = Field(default=128, ge=4, description="processes and threads at one time")
    disk_mb: int = Field(default=256, ge=1, description="MiB, for all writable places together")
    inodes: int = Field(default=20_000, ge=64, description="files and directories, likewise")
    open_files: int = Field(default=1024, ge=16, description="open files per process")
    output_bytes: int | None = Field(
        default=None, ge=1, description="bytes per output stream of a command; null: Inspect's"
    )
    exec_timeout_s: float = Field(default=600, gt=0, description="longest time for one command")
    hostname: str = Field(default="workstation", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    user: str = Field(default="agent", pattern=r"^[a-z_][a-z0-9_-]{0,31}$")
    uid: int = Field(default=1000, ge=1, le=65533)
    home: AbsolutePath | None = Field(default=None, description="null: /home/USER")
    env: dict[str, str] = Field(default_factory=dict, description="added to every command's")
    read_only: dict[HostPath, AbsolutePath] = Field(
        default_factory=dict, description="further host paths to show, and where"
    )
    hide: tuple[AbsolutePath, ...] = Field(
        default=(), description="directories shown empty although they are in the system's /usr"
    )
    loopback: bool = Field(
        default=False, description="allow internet sockets on the sandbox's own loopback device"
    )

    def __hash__(self) -> int:
        return hash(self.model_dump_json())  # Inspect keeps configurations in a dictionary

    @property
    def home_dir(self) -> str:
        """The user's home, and where commands start."""
        return self.home or f"/home/{self.user}"

    def environment(self) -> dict[str, str]:
        """The environment variables that every command starts with."""
        return {
            "PATH": _STANDARD_PATH,
            "HOME": self.home_dir,
            "USER": self.user,
            "LOGNAME": self.user,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            **self.env,
        }

    @classmethod
    def load(cls, config: "BaseModel | str | None") -> "BwrapConfig":
        """Returns the configuration for what Inspect hands over.

        Args:
            config: A `BwrapConfig`, the path of a YAML file, or nothing (all defaults).

        Raises:
            ValueError: The file's content is no valid configuration; says which key is wrong.
            TypeError: It is the configuration of another provider.
        """
        if config is None:
            return cls()
        if isinstance(config, cls):
            return config
        if not isinstance(config, str):
            raise TypeError(f"sandbox 'bwrap' takes a BwrapConfig, not {type(config).__name__}")
        return cls._from_yaml(Path(config))

    @classmethod
    def _from_yaml(cls, path: Path) -> "BwrapConfig":
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if not isinstance(data, dict):
            raise ValueError(f"{path}: expected keys and values, such as 'memory_mb: 512'")
        try:
            return cls(**data)
        except ValidationError as error:
            known = ", ".join(cls.model_fields)
            raise ValueError(f"{path}: {error}\nKnown keys: {known}") from error
