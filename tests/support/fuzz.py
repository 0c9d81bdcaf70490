"""Fuzzes the REST interface of a real server with schemathesis, which has an environment of its own.

python -m support.fuzz PATH/TO/schemathesis [ARGUMENT...]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from support.web_client import API, questions, start
from support.web_server import Server

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main(program: str, *arguments: str) -> int:
    """Return the exit code of the fuzzing."""
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory), f"sqlite:///{directory}/runs.db")
        try:
            client = server.program("--scope", "admin")
            for amount in range(3):
                start(client, amount=amount)
            questions(client, 3)
            command = [program, "run", f"{server.url}{API}/openapi.json", "--checks", CHECKS, "--max-examples", "40"]
            command += ["--header", f"Authorization: {client.headers['Authorization']}", "--request-timeout", "30"]
            command += ["--exclude-operation-id", "getEvents", *arguments]  # a stream that does not end
            done = subprocess.run(command, check=False)
            if "Traceback" in server.said:
                print(server.said)
                return 1
            return done.returncode
        finally:
            server.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
