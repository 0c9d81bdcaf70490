"""The process that python_exec starts: limits itself, then runs the code that it reads. Imports nothing of ours."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import sys
import traceback

_WRITES = (
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink"),
    *("os.truncate", "os.utime", "os.setxattr", "os.removexattr", "shutil."),
)
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/random", "/usr/share/zoneinfo", "/etc/localtime")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
_LOOKS = ("os.listdir", "os.scandir", "os.chdir", "os.walk", "os.fwalk", "glob.")
_NEVER = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "pty."),
    *("ctypes.", "os.startfile", "webbrowser.", "urllib.", "http.client.", "ftplib.", "smtplib.", "fcntl."),
    *("sys._current_frames", "code.__new__", "mmap.", "syslog.", "winreg.", "resource.setrlimit"),
)


def confine(work: str) -> None:
    """Have the kernel bound this process for good; see `python_confinement`."""
    from importlib.util import module_from_spec, spec_from_file_location

    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python_confinement.py")
    spec = spec_from_file_location("python_confinement", file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    readable = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, *_LIBRARIES, *_DEVICES}
    module.confine(work, [path for path in readable if path and path != os.sep])
    for name in [name for name in sys.modules if name.partition(".")[0] in ("ctypes", "_ctypes")]:
        del sys.modules[name]  # whoever imports it is told by the audit hook that it is not to be had


def limit(seconds: int, memory: int, file: int) -> None:
    """Bound processor time, memory and file size, where the system can."""
    with contextlib.suppress(ImportError):
        import resource

        for kind, bound in (
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_FSIZE, file),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, 64),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (bound, bound))


def guard(work: str) -> None:
    """Refuse processes, sockets, and files elsewhere, for good: an audit hook cannot be taken away."""
    readable = tuple(os.path.realpath(path) + os.sep for path in {sys.prefix, sys.base_prefix, *sys.path, work} if path)
    own = os.path.realpath(work) + os.sep
    devices = _DEVICES
    realpath, fspath, fsdecode = os.path.realpath, os.fspath, os.fsdecode
    permission = PermissionError

    # Python measures nothing inside an audit hook.
    def inside(path: object, roots: tuple[str, ...]) -> bool:  # pragma: no cover
        if isinstance(path, int):
            return True
        real = realpath(fsdecode(fspath(path)))  # type: ignore[call-overload]
        return (real + "/").startswith(roots) or (roots is not own_only and real.startswith(devices))

    own_only = (own,)

    def hook(event: str, arguments: tuple[object, ...]) -> None:  # pragma: no cover
        if event.startswith(_NEVER):
            raise permission(f"{event} is not available here: no network, no other processes")
        if event == "open":
            path, mode, flags = arguments[0], arguments[1], arguments[2]
            writes = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
            writes = writes or (isinstance(mode, str) and any(char in mode for char in "wax+"))
            if path is not None and not inside(path, own_only if writes else readable):
                raise permission(f"{path!r} is out of reach: files are in the working directory only")
        elif event.startswith(_WRITES) or event.startswith(_LOOKS):
            roots = own_only if event.startswith(_WRITES) else readable
            for each in arguments[:2]:
                if isinstance(each, (str, bytes, os.PathLike)) and not inside(each, roots):
                    raise permission(f"{each!r} is out of reach: files are in the working directory only")

    sys.addaudithook(hook)


def run(code: str) -> int:
    """Run the code as a script; the value of a last line that is an expression is printed."""
    names: dict[str, object] = {"__name__": "__main__", "__builtins__": __builtins__}
    try:
        tree = ast.parse(code, "<code>")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<code>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<code>", "eval"), names)
            if value is not None:
                print(repr(value))
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException as error:
        own = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, own)
        return 1
    return 0


def main() -> int:
    limits = json.loads(sys.argv[1])
    code = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
    isolated, parent = limits.pop("isolated"), limits.pop("parent")
    with open(limits.pop("told"), "w", encoding="utf-8") as told:
        limit(**limits)
        try:
            if isolated:
                confine(os.getcwd())
        except Exception as error:  # whatever it is: the code does not run without what was promised
            told.write(str(error) or type(error).__name__)
            return 1
        if os.name == "posix" and os.getppid() != parent:
            return 1  # it ended before the kernel could be asked to end this process with it
        told.write("ready")
    guard(os.getcwd())
    status = run(code)
    sys.stdout.flush()
    return status


if __name__ == "__main__":
    sys.exit(main())
