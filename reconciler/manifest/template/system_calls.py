"""Restricts system calls of a process that only computes and uses an open socket (Linux, seccomp).

The calls of a rendering child are listed; everything else fails with EPERM: to open, create, rename or unlink a file,
to fork or execute, to signal or trace a process, to make a socket. The numbers are those of the kernel's tables
(arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h), the filter is classic BPF (seccomp(2)).
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Mapping

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7  # AUDIT_ARCH_*
_NEEDED: Mapping[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "poll": (7, None),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "select": (23, None),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "times": (100, 153),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "time": (201, None),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "pselect6": (270, 72),
    "ppoll": (271, 73),
    "set_robust_list": (273, 99),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}
_PRLIMIT = (302, 261)
"""Numbers of `prlimit64`, allowed on the process itself only: it could end another process."""
_MACHINES = {"x86_64": (_X86_64, 0), "aarch64": (_AARCH64, 1)}

_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, of little-endian machines
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def restrict_system_calls(machine: str = os.uname().machine) -> bool:
    """Restrict this process permanently to the system calls for computing; return whether the platform supports it."""
    if sys.platform != "linux" or machine not in _MACHINES or _PRCTL is None:
        return False
    code = _filter(*_MACHINES[machine])
    program = _Program(len(code) // 8, code)
    if _PRCTL(_SET_NO_NEW_PRIVS, 1, None, 0, 0) != 0:
        return False
    return bool(_PRCTL(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(architecture: int, column: int) -> bytes:
    """Return the BPF program: jumps are counted in instructions, from the one after."""
    numbers = [number for both in _NEEDED.values() if (number := both[column]) is not None]
    last = len(numbers)
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 0, last + 4, architecture),
        (_LOAD, 0, 0, _NUMBER),
        *((_IF_EQUAL, last + 3 - at, 0, number) for at, number in enumerate(numbers)),
        (_IF_EQUAL, 0, 2, _PRLIMIT[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _prctl() -> "ctypes._NamedFuncPointer | None":
    """Return libc's prctl(2); looked up beforehand, because the child cannot open a library."""
    try:
        function = ctypes.CDLL(None).prctl
    except (OSError, AttributeError, TypeError):
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)
    return function


_PRCTL = _prctl()
