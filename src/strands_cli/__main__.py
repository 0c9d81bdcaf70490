"""`python -m strands_cli`: the `strands` command."""

import sys

from strands_cli.cli.main import main

sys.exit(main())
