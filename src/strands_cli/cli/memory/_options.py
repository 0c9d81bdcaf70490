"""Options that the commands about memories share."""

from __future__ import annotations

import click

name = click.argument("name", metavar="MEMORY")
workflow = click.option("--workflow", metavar="NAME", help="Only that of workflows of this name.")
key = click.option("--key", metavar="KEY", help="Only the one of this key.")
