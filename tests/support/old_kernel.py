"""Runs a program as if the kernel knew no Landlock: `python old_kernel.py CODE`. For x86-64."""

import ctypes
import errno
import os
import struct
import sys

_LOAD, _AT_LEAST, _OVER, _RETURN, _ALLOW = 0x20, 0x35, 0x25, 0x06, 0x7FFF0000


def without_landlock() -> None:
    """Answer the three calls of Landlock like a kernel that has never heard of them."""
    steps = [
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 0, 2, 444),
        (_OVER, 1, 0, 446),
        (_RETURN, 0, 0, 0x00050000 | errno.ENOSYS),
        (_RETURN, 0, 0, _ALLOW),
    ]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    code = ctypes.create_string_buffer(program, len(program))
    libc = ctypes.CDLL(None, use_errno=True)
    filter_ = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    for arguments in ((38, 1, 0, 0, 0), (22, 2, filter_, 0, 0)):
        if libc.prctl(*(each if isinstance(each, bytes) else ctypes.c_ulong(each) for each in arguments)) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    without_landlock()
    exec(compile(sys.argv[1], "<code>", "exec"))
