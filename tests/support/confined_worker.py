"""A process that confines itself like that of python_exec, without its audit hook, and tells what the kernel allows.

Run as `python confined_worker.py DIRECTORY`; prints a JSON object of what was tried to "done" or the error's name.
"""

import json
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

CONFINEMENT = Path(__file__).parents[2] / "src" / "strands_cli" / "builtin" / "python_confinement.py"


def main(work: str) -> None:
    spec = spec_from_file_location("python_confinement", CONFINEMENT)
    assert spec is not None and spec.loader is not None
    confinement = module_from_spec(spec)
    spec.loader.exec_module(confinement)
    confinement.confine(work, [sys.prefix, sys.base_prefix, "/lib", "/lib64", "/usr/lib"])
    outside = str(Path(work).parent / "outside")

    def thread() -> None:
        each = threading.Thread(target=lambda: None)
        each.start()
        each.join()

    tries: dict[str, Callable[[], object]] = {
        "thread": thread,
        "write inside": lambda: Path(work, "a").write_text("a"),
        "read inside": lambda: Path(work, "a").read_text(),
        "make a directory inside": lambda: os.mkdir(Path(work, "d")),
        "rename inside": lambda: os.rename(Path(work, "a"), Path(work, "d", "b")),
        "remove inside": lambda: os.remove(Path(work, "d", "b")),
        "fork": os.fork,
        "spawn": lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "true"], {}),
        "another program": lambda: os.execv("/bin/sh", ["sh", "-c", "true"]),
        "a program that is setuid": lambda: os.execv("/bin/su", ["su", "-c", "true"]),
        "a session of its own": os.setsid,
        "a group of its own": lambda: os.setpgid(0, 0),
        "a socket": socket.socket,
        "a socket of the machine": lambda: socket.socket(socket.AF_UNIX),
        "sockets in pairs": socket.socketpair,
        "write outside": lambda: Path(outside).write_text("changed"),
        "empty a file outside": lambda: os.truncate(outside, 0),
        "open to empty": lambda: os.open(outside, os.O_RDONLY | os.O_TRUNC),
        "change rights outside": lambda: os.chmod(outside, 0o777),
        "change times outside": lambda: os.utime(outside, (0, 0)),
        "change owner outside": lambda: os.chown(outside, 1, 1),
        "remove outside": lambda: os.remove(outside),
        "link to outside": lambda: os.link(outside, Path(work, "link")),
        "read outside": lambda: Path(outside).read_text(),
        "list outside": lambda: os.listdir("/"),
        "read passwords": lambda: Path("/etc/passwd").read_text(),
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "become another user": lambda: os.setuid(12345),
        "more of what is limited": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (10**6, 10**6)),
        "a pipe with a name": lambda: os.mkfifo(Path(work, "fifo")),
    }
    found = {}
    for name, attempt in tries.items():
        try:
            attempt()
            found[name] = "done"
        except (OSError, ValueError) as error:
            found[name] = type(error).__name__
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
