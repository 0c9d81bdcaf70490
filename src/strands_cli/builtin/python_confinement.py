"""What the kernel keeps the process of python_exec from, for good. Linux alone has it; imports nothing of ours.

Landlock bounds the files, seccomp refuses processes, programs, sockets, signals and whatever reaches beyond this
process, and no privilege is left to take either back. Both hold below Python: no trick in the code undoes them.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys

_PARENT_DEATH, _NO_NEW_PRIVS, _SECCOMP, _FILTER = 1, 38, 22, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute (libraries are mapped), read a file, list a directory
_ALL = ((1, 0x1FFF), (2, 0x3FFF), (3, 0x7FFF), (5, 0xFFFF))  # the version of Landlock, and what it can bound

_NEVER = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "setrlimit": (160, 164),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "swapon": (167, 224),
}
"""System calls that are refused, with their numbers on x86-64 and on ARM."""

_MISSING = {"clone3": (435, 435), "openat2": (437, 437)}  # their arguments cannot be looked at; the older ones serve
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _EQUAL, _AT_LEAST, _SET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_REFUSE = _ERRNO | errno.EPERM
_THREAD, _O_TRUNC = 0x10000, 0o1000


class Unavailable(Exception):
    """The system cannot confine a process in this way."""


def confine(work: str, readable: list[str]) -> None:
    """Leave this process its memory, one directory to write to and some to read, for good.

    Raises:
        Unavailable: The system cannot; the process must not go on.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None or struct.calcsize("P") != 8:
        raise Unavailable(f"{platform.system()} on {platform.machine()} has neither Landlock nor seccomp")
    libc = ctypes.CDLL(None, use_errno=True)
    _drop_privileges(libc)
    _bound_files(libc, work, readable)
    _bound_calls(libc, *machine)


def _call(libc: ctypes.CDLL, what: str, number: int, *arguments: object) -> int:
    result = int(libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise Unavailable(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _prctl(libc: ctypes.CDLL, what: str, *arguments: object) -> None:
    if libc.prctl(*arguments) != 0:
        raise Unavailable(f"{what}: {os.strerror(ctypes.get_errno())}")


def _drop_privileges(libc: ctypes.CDLL) -> None:
    """A superuser keeps the name and nothing of the power."""
    _prctl(libc, "end with the parent", _PARENT_DEATH, ctypes.c_ulong(9), *[ctypes.c_ulong(0)] * 3)
    _prctl(libc, "no new privileges", _NO_NEW_PRIVS, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3)
    header, none = struct.pack("Ii", 0x20080522, 0), struct.pack("6I", *[0] * 6)
    _call(libc, "capabilities", 126 if platform.machine() == "x86_64" else 91, header, none)


def _bound_files(libc: ctypes.CDLL, work: str, readable: list[str]) -> None:
    version = _call(libc, "Landlock", _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    every = max(access for since, access in _ALL if since <= version)
    attributes = struct.pack("Q", every)
    if version >= 4:
        attributes += struct.pack("Q", 3)  # TCP: neither bind nor connect
    if version >= 6:
        attributes += struct.pack("Q", 3)  # no abstract sockets of others, no signals to others
    rules = _call(libc, "Landlock", _CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for path in readable:
        with contextlib.suppress(FileNotFoundError, PermissionError):
            _allow(libc, rules, path, _READ & every)
    _allow(libc, rules, work, every & ~0x0E40)  # what is not a device, socket or pipe
    _call(libc, "Landlock", _RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    number = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(path):
            access &= 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14
        rule = struct.pack("=Qi", access, number)
        _call(libc, "Landlock", _ADD_RULE, ctypes.c_int(rules), ctypes.c_int(1), rule, ctypes.c_uint32(0))
    finally:
        os.close(number)


def _bound_calls(libc: ctypes.CDLL, column: int, architecture: int) -> None:
    program = b"".join(_program(column, architecture))
    code = ctypes.create_string_buffer(program, len(program))
    filter_ = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    _prctl(libc, "seccomp", _SECCOMP, ctypes.c_ulong(_FILTER), filter_, ctypes.c_ulong(0), ctypes.c_ulong(0))


def _program(column: int, architecture: int) -> list[bytes]:
    """Return the filter: one after the other, each group of instructions refuses or goes on to the next."""
    code = [_step(_LOAD, 4), _step(_EQUAL, architecture, 1, 0), _step(_RETURN, _KILL), _step(_LOAD, 0)]
    if column == 0:
        code += [_step(_AT_LEAST, 0x40000000, 0, 1), _step(_RETURN, _KILL)]
    for numbers in _NEVER.values():
        code += _refused(numbers[column], _REFUSE)
    for numbers in _MISSING.values():
        code += _refused(numbers[column], _ERRNO | errno.ENOSYS)
    clone, tgkill, prlimit = ((56, 234, 302), (220, 131, 261))[column]
    code += _looked_at(clone, [(0, _SET, _THREAD)])
    code += _looked_at(tgkill, [(0, _EQUAL, os.getpid())])
    code += _looked_at(prlimit, [(2, _EQUAL, 0), (2.5, _EQUAL, 0)])
    for number, flags in ((2, 1), (257, 2)) if column == 0 else ((56, 2),):
        mask = _O_TRUNC | os.O_WRONLY | os.O_RDWR
        code += [
            _step(_EQUAL, number, 0, 5),
            _step(_LOAD, 16 + 8 * flags),
            _step(_AND, mask),
            _step(_EQUAL, _O_TRUNC, 0, 1),
            _step(_RETURN, _REFUSE),
            _step(_LOAD, 0),
        ]
    return [*code, _step(_RETURN, _ALLOW)]


def _refused(number: int | None, answer: int) -> list[bytes]:
    return [] if number is None else [_step(_EQUAL, number, 0, 1), _step(_RETURN, answer)]


def _looked_at(number: int, tests: list[tuple[float, int, int]]) -> list[bytes]:
    """Refuse a call unless each word of its arguments passes its test."""
    body: list[bytes] = []
    for at, test, value in tests:
        body += [_step(_LOAD, int(16 + 8 * at)), _step(test, value, 1, 0), _step(_RETURN, _REFUSE)]
    body.append(_step(_LOAD, 0))
    return [_step(_EQUAL, number, 0, len(body)), *body]


def _step(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("HBBI", code, true, false, value)
