"""What holds for all tests: what the product keeps in the user's home is kept in a directory of the run's own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

if "STRANDS_HOME" not in os.environ:
    os.environ["STRANDS_HOME"] = tempfile.mkdtemp(prefix="strands-home-")
    atexit.register(shutil.rmtree, os.environ["STRANDS_HOME"], ignore_errors=True)
