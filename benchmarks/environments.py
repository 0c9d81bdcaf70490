"""A virtual environment for each subject, under `.bench/`, with the pinned versions of `requirements/`."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "benchmarks" / "requirements"
BENCH = ROOT / ".bench"


def subjects() -> list[str]:
    """Return the names of all subjects: the floor first, then ours, then the peers."""
    names = sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))
    return sorted(names, key=lambda name: ({"floor": 0, "ours": 1}.get(name, 2), name))


def interpreter(subject: str) -> Path:
    """Return the path of the subject's interpreter; it is created and filled when it is missing or outdated."""
    directory = BENCH / subject
    python = directory / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = _fingerprint(subject)
    stamp = directory / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {subject} into {directory.relative_to(ROOT)}", file=sys.stderr)
        venv.create(directory, with_pip=subject != "floor", clear=True)
        if subject != "floor":
            requirements = REQUIREMENTS / f"{subject}.txt"
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "-r", str(requirements)], cwd=ROOT, check=True)
        stamp.write_text(wanted)
    return python


def version(subject: str, distribution: str | None) -> str:
    """Return the installed version of a distribution in the subject's environment."""
    if distribution is None:
        return ""
    code = f"import importlib.metadata as m; print(m.version({distribution!r}))"
    return subprocess.run([interpreter(subject), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _fingerprint(subject: str) -> str:
    text = (REQUIREMENTS / f"{subject}.txt").read_text() + sys.version
    if subject == "ours":
        text += (ROOT / "pyproject.toml").read_text()
    return hashlib.sha256(text.encode()).hexdigest()
