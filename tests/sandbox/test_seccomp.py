"""The filter's decisions, computed by an interpreter of classic BPF, for both architectures."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offswitch.sandbox.seccomp import ABSENT, ARCHITECTURES, REFUSED, program

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
MACHINES = sorted(ARCHITECTURES)
SOCKET = {"x86_64": 41, "aarch64": 198}
CLONE = {"x86_64": 56, "aarch64": 220}
IOCTL = {"x86_64": 16, "aarch64": 29}
ORDINARY = {
    "x86_64": {"read": 0, "open": 2, "mmap": 9, "fork": 57, "execve": 59, "kill": 62, "prctl": 157},
    "aarch64": {"read": 63, "openat": 56, "mmap": 222, "execve": 221, "kill": 129, "prctl": 167},
}


def decide(code: bytes, number: int, *args: int, audit: int) -> int:
    data = struct.pack("<IIQ6Q", number, audit, 0, *args, *[0] * (6 - len(args)))
    instructions = list(struct.iter_unpack("=HBBI", code))
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, operand = instructions[at]
        at += 1
        if operation == 0x06:
            return int(operand)
        if operation == 0x20:
            accumulator = struct.unpack_from("<I", data, operand)[0]
            continue
        holds = {
            0x15: accumulator == operand,
            0x35: accumulator >= operand,
            0x45: bool(accumulator & operand),
        }[operation]
        at += if_true if holds else if_false


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_ordinary_calls_are_allowed(machine: str) -> None:
    code, audit = program(machine=machine), ARCHITECTURES[machine].audit
    for name, number in ORDINARY[machine].items():
        assert decide(code, number, audit=audit) == ALLOW, name


def test_every_listed_call_is_refused(machine: str) -> None:
    arch = ARCHITECTURES[machine]
    code = program(machine=machine)
    for table, error in ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for name, row in table.items():
            number = row[arch.column]
            if number is not None:
                assert decide(code, number, audit=arch.audit) == ERRNO | error, name


@pytest.mark.parametrize("loopback", [False, True])
def test_socket_families(machine: str, loopback: bool) -> None:
    code, audit = program(machine=machine, loopback=loopback), ARCHITECTURES[machine].audit
    allowed = {1, 2, 10, 16} if loopback else {1}
    for family in range(50):
        verdict = decide(code, SOCKET[machine], family, audit=audit)
        assert verdict == (ALLOW if family in allowed else ERRNO | errno.EAFNOSUPPORT)


def test_threads_and_processes_yes_namespaces_no(machine: str) -> None:
    code, audit = program(machine=machine), ARCHITECTURES[machine].audit
    thread, process = 0x3D0F00, 0x1200011
    for flags in (thread, process, 17):
        assert decide(code, CLONE[machine], flags, audit=audit) == ALLOW
    for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(code, CLONE[machine], bit | 17, audit=audit) == ERRNO | errno.EPERM


def test_typing_into_terminals(machine: str) -> None:
    code, audit = program(machine=machine), ARCHITECTURES[machine].audit
    for request in (0x5412, 0x541C, 0x5412 | 1 << 32):
        assert decide(code, IOCTL[machine], 0, request, audit=audit) == ERRNO | errno.EPERM
    assert decide(code, IOCTL[machine], 0, 0x5401, audit=audit) == ALLOW


@given(number=st.integers(0, 2**32 - 1), args=st.lists(st.integers(0, 2**64 - 1), max_size=6))
def test_every_call_gets_a_verdict(number: int, args: list[int]) -> None:
    for machine in MACHINES:
        for audit in (ARCHITECTURES[m].audit for m in MACHINES):
            verdict = decide(program(machine=machine), number, *args, audit=audit)
            assert verdict in {ALLOW, KILL} or verdict & ~0xFFFF == ERRNO
            assert (verdict == KILL) == (audit != ARCHITECTURES[machine].audit)


def test_an_unknown_architecture_has_no_filter() -> None:
    with pytest.raises(KeyError):
        program(machine="riscv64")
