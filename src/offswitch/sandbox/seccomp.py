"""The system calls that a sandbox is refused, as a seccomp filter in classic BPF.

The filter allows by default and refuses what ordinary programs do not need but what widens the
kernel's attack surface or gets around a limit: new namespaces and mounts, other processes'
memory, kernel keys, BPF, io_uring, sockets of any family but Unix (a network namespace does not
confine AF_VSOCK), memory that no limit counts (memfd, System V), and typing into a terminal.

Encoding: Linux ``struct sock_filter`` and ``struct seccomp_data`` (linux/filter.h,
linux/seccomp.h); system call numbers from the kernel's tables for each architecture.
"""

import errno
import platform
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_X32_BIT = 0x40000000
_NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false, operand."""


@dataclass(frozen=True)
class Architecture:
    """How a machine numbers its system calls.

    Attributes:
        audit: The kernel's AUDIT_ARCH constant.
        column: Index into the rows of the tables below.
    """

    audit: int
    column: int


ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, 0),
    "aarch64": Architecture(0xC00000B7, 1),
}

# name: (x86_64, aarch64); None where the architecture has no such call.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "fanotify_init": (300, 262),
    "syslog": (103, 116),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
    "uselib": (134, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
}

# Refused as if the kernel had been built without them, so that programs use something else.
ABSENT: dict[str, tuple[int | None, int | None]] = {
    "clone3": (435, 435),  # its flags are behind a pointer, out of the filter's sight
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
}

_SOCKET, _SOCKETPAIR, _CLONE, _IOCTL = (41, 198), (53, 199), (56, 220), (16, 29)


def program(*, loopback: bool = False, machine: str | None = None) -> bytes:
    """Returns the filter for ``bwrap --seccomp``.

    Args:
        loopback: Also allow internet and netlink sockets (the network namespace still has
            nothing but its own loopback device).
        machine: An architecture as `platform.machine` names it; by default this machine's.

    Raises:
        KeyError: No table for that architecture.
    """
    arch = ARCHITECTURES[machine or platform.machine()]
    families = [socket.AF_UNIX]
    if loopback:
        families += [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK]
    code: list[Instruction] = _preamble(arch)
    for table, error in ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for row in table.values():
            code += _refuse(row[arch.column], error)
    for row in (_SOCKET, _SOCKETPAIR):
        code += _only(row[arch.column], 0, families, errno.EAFNOSUPPORT)
    code += _unless_bits(_CLONE[arch.column], 0, _NAMESPACE_FLAGS, errno.EPERM)
    code += _none_of(_IOCTL[arch.column], 1, [_TIOCSTI, _TIOCLINUX], errno.EPERM)
    code.append(_return(_ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _preamble(arch: Architecture) -> list[Instruction]:
    """Kills calls in another architecture's numbering; leaves the call's number loaded."""
    code = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 1, 0, arch.audit),
        _return(_KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if arch.column == 0:
        code += [(_AT_LEAST, 0, 1, _X32_BIT), _return(_ERRNO | errno.ENOSYS)]
    return code


def _refuse(number: int | None, error: int) -> list[Instruction]:
    return [] if number is None else [(_EQUAL, 0, 1, number), _return(_ERRNO | error)]


def _only(number: int, arg: int, values: Sequence[int], error: int) -> list[Instruction]:
    """Refuses the call unless its argument is one of the values."""
    tests = [(_EQUAL, len(values) - i, 0, int(value)) for i, value in enumerate(values)]
    return _for_call(number, arg, [*tests, _return(_ERRNO | error), _return(_ALLOW)])


def _none_of(number: int, arg: int, values: Sequence[int], error: int) -> list[Instruction]:
    """Refuses the call if its argument is one of the values."""
    tests = [(_EQUAL, len(values) - i, 0, int(value)) for i, value in enumerate(values)]
    return _for_call(number, arg, [*tests, _return(_ALLOW), _return(_ERRNO | error)])


def _unless_bits(number: int, arg: int, bits: int, error: int) -> list[Instruction]:
    """Refuses the call if its argument has any of the bits."""
    return _for_call(
        number, arg, [(_ANY_BIT, 0, 1, bits), _return(_ERRNO | error), _return(_ALLOW)]
    )


def _for_call(number: int, arg: int, body: list[Instruction]) -> list[Instruction]:
    """Runs the body, which must end in returns, for one call, on an argument's low 32 bits."""
    load = (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * arg)  # little-endian on both architectures
    return [(_EQUAL, 0, len(body) + 1, number), load, *body]


def _return(value: int) -> Instruction:
    return (_RETURN, 0, 0, value)
