"""Which process holds a lock, and whether it is certainly gone: then nobody need wait for its lease to end."""

import hashlib
import os
import socket
from pathlib import Path


def here() -> str:
    """Say who this process is, for people."""
    return f"{os.environ.get('USER') or os.getuid()}@{socket.gethostname()}, process {os.getpid()}"


def process_name(pid: int = 0) -> str:
    """Name a process (this one unless told) so that no other ever has the name.

    That is: kernel boot, process namespace, number, time of start. Empty where the system does not tell (no /proc):
    then only the lease's end frees a lock.
    """
    number = pid or os.getpid()
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
        started = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
    return f"{hashlib.sha256(f'{boot} {space}'.encode()).hexdigest()[:16]} {number} {started}"


def may_live(name: str) -> bool:
    """Tell whether a process may still live: one of another machine or namespace always may."""
    own = process_name()
    place, pid, _started = name.split(" ")
    if not own or not own.startswith(place):
        return True
    return process_name(int(pid)) == name
