"""`python -m strands_cli` is the `strands` command."""

from strands_cli.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
