"""The bubblewrap command line of a sandbox, and the few files that its /etc holds."""

from collections.abc import Callable
from pathlib import Path

from offswitch.sandbox.config import BwrapConfig
from offswitch.sandbox.errors import SandboxUnavailable
from offswitch.sandbox.machine import (
    ALTERNATIVES,
    Interpreter,
    harness_directories,
    has_programs,
    system_trees,
)

FIRST_PROCESS_NAME = "/sbin/init"
_SHOWN_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "debian_version")
_EMPTY_DIRECTORIES = ("/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/sys", "/var")
_KERNEL_COMMAND_LINE = "BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro quiet\n"
_MIB = 1 << 20

# Mounts one small file system, of limited bytes and files, for all writable places together, in
# a mount namespace that only bubblewrap inherits; bubblewrap's own --tmpfs cannot limit files.
STAGE_SCRIPT = """
set -e; stage=$1; options=$2; shift 2; umask 022
mount -t tmpfs -o "$options" tmpfs "$stage"
mkdir "$stage/home"
mkdir -m 1777 "$stage/tmp" "$stage/vartmp" "$stage/shm"
exec "$@"
"""
_STAGED = {"home": None, "tmp": "/tmp", "vartmp": "/var/tmp", "shm": "/dev/shm"}  # noqa: S108


def staged(config: BwrapConfig, stage: Path, command: list[str]) -> list[str]:
    """Returns the command line that runs a command with the writable places mounted on `stage`."""
    size = f"size={config.disk_mb}m,nr_inodes={config.inodes},mode=755"
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "--"]
    return [*unshare, "sh", "-c", STAGE_SCRIPT, "sh", str(stage), size, *command]


def as_user(user: int, command: list[str]) -> list[str]:
    """Returns the command line that runs a command as another user (needs root).

    Raises:
        SandboxUnavailable: The program for it is missing. (`subprocess` could do the same, but
            would have to copy this process's page tables: 20 ms at 300 MB.)
    """
    if not has_programs("setpriv"):
        raise SandboxUnavailable(
            "as root, sandboxes are started as another user with the program `setpriv`: install "
            f"the package util-linux, or run as an ordinary user. {ALTERNATIVES}"
        )
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--", *command]


def reachable(source: str, place: Path, command: list[str]) -> list[str]:
    """Returns the command line that shows a directory at a place which everybody may enter.

    Needs root: root's Python may be in a home directory that the sandbox's user may not enter.
    """
    script = 'mount --bind "$1" "$2"; shift 2; exec "$@"'
    return ["unshare", "--mount", "--", "sh", "-ec", script, "sh", source, str(place), *command]


def isolation(config: BwrapConfig) -> list[str]:
    """Returns the options that separate a sandbox from the host.

    Not among them is --die-with-parent: where bubblewrap dies while it is setting up, the process
    it has just made waits for it forever. The first process ends itself when the host is gone.
    """
    ids = ["--uid", str(config.uid), "--gid", str(config.uid)]
    return [
        *("--unshare-all", "--unshare-user", "--new-session"),
        *("--as-pid-1", "--clearenv", "--cap-drop", "ALL", "--hostname", config.hostname),
        *ids,
    ]


def file_system(
    config: BwrapConfig,
    interpreter: Interpreter,
    stage: Path | None,
    open_data: Callable[[str], int],
) -> list[str]:
    """Returns the options that make up what a sandbox sees.

    Args:
        config: Says what to show.
        interpreter: Where the first process's Python is.
        stage: Where the writable places are mounted; None: bubblewrap mounts them, each with
            the whole size, and the number of files is not limited.
        open_data: Gives a descriptor from which bubblewrap can read a text.
    """
    return [
        *_system(config, interpreter),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--ro-bind-data", str(open_data(_KERNEL_COMMAND_LINE)), "/proc/cmdline"),
        *[arg for path in _EMPTY_DIRECTORIES for arg in ("--perms", "0755", "--dir", path)],
        *_etc(config, open_data),
        *_writable(config, stage),
        *[arg for pair in config.read_only.items() for arg in ("--ro-bind", *pair)],
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"),
    ]


def _system(config: BwrapConfig, interpreter: Interpreter) -> list[str]:
    options: list[str] = []
    for tree in system_trees():
        if tree.is_symlink():
            options += ["--symlink", str(tree.readlink()), str(tree)]
        else:
            options += ["--ro-bind", str(tree), str(tree)]
    if interpreter.source is not None:
        options += ["--ro-bind", interpreter.source, interpreter.target]
    for path in (*harness_directories(), *config.hide):
        options += ["--perms", "0755", "--tmpfs", str(path), "--remount-ro", str(path)]
    return options


def _etc(config: BwrapConfig, open_data: Callable[[str], int]) -> list[str]:
    options = ["--perms", "0755", "--dir", "/etc"]
    for name in _SHOWN_ETC:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for name, text in _etc_files(config).items():
        options += ["--perms", "0644", "--file", str(open_data(text)), f"/etc/{name}"]
    options += ["--symlink", "../usr/lib/os-release", "/etc/os-release"]
    options += ["--symlink", "/usr/share/zoneinfo/Etc/UTC", "/etc/localtime"]
    return [*options, "--symlink", "../proc/self/mounts", "/etc/mtab"]


def _etc_files(config: BwrapConfig) -> dict[str, str]:
    user, uid, home = config.user, config.uid, config.home_dir
    # The host's own files belong to an id that the sandbox does not know and shows as 65534.
    return {
        "passwd": (
            "root:x:0:0:root:/root:/bin/bash\n"
            "root:x:65534:65534:root:/root:/bin/bash\n"
            f"{user}:x:{uid}:{uid}:{user}:{home}:/bin/bash\n"
        ),
        "group": f"root:x:0:\nroot:x:65534:\n{user}:x:{uid}:\n",
        "hostname": f"{config.hostname}\n",
        "hosts": f"127.0.0.1 localhost\n127.0.1.1 {config.hostname}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "shells": "/bin/sh\n/bin/bash\n",
    }


def _writable(config: BwrapConfig, stage: Path | None) -> list[str]:
    options: list[str] = []
    for name, target in _STAGED.items():
        path = target or config.home_dir
        if stage is not None:
            options += ["--bind", str(stage / name), path]
        else:
            mode = "0755" if name == "home" else "1777"
            options += ["--perms", mode, "--size", str(config.disk_mb * _MIB), "--tmpfs", path]
    return options


def writable_places(config: BwrapConfig) -> list[str]:
    """Returns the directories in which a sandbox can write, the longest path first."""
    places = [target or config.home_dir for target in _STAGED.values()]
    return sorted(places, key=len, reverse=True)
