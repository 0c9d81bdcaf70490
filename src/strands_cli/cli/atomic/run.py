"""`strands atomic run`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import completion, options
from strands_cli.cli.atomic import _options

if TYPE_CHECKING:
    from strands_cli.types import RunResult


@click.command("run")
@_options.agent
@click.option("--input", "-i", "text", metavar="TEXT", help="The input: JSON, or plain text.")
@click.option(
    "--input-file",
    metavar="FILE",
    shell_complete=completion.files,
    help="A file that holds the input; - reads standard input.",
)
@click.option(
    "--output-file",
    metavar="FILE",
    shell_complete=completion.files,
    help="Where to write the output, too.",
)
@_options.directory
@options.running
def command(
    name: str,
    text: str | None,
    input_file: str | None,
    output_file: str | None,
    directories: tuple[str, ...],
    **how: Any,
) -> int:
    """Run AGENT on one input and print its output: JSON if it has an output_schema."""
    from strands_cli.cli import resuming
    from strands_cli.cli.running import terminal_handler

    chosen = resuming.RunOptions(**how)
    watched = chosen.watched()

    def begin() -> Callable[[], Awaitable[RunResult]]:
        from strands_cli.atomic import named
        from strands_cli.atomic.running import variables, workflow

        agent = named(name, directories)
        given = variables(agent, _options.read_input(text, input_file))
        flow = workflow(
            agent,
            output_dir=chosen.out,
            overwrite=chosen.force,
            offline=chosen.offline,
            real_tools=chosen.real_tools,
        )
        flow.on("*", watched)
        handler = terminal_handler(chosen.interactive)
        run = partial(flow.run_async, variables=given)
        if handler is not None:
            run = partial(flow.run_interactive_async, hitl_handler=handler, keep_session=True, variables=given)
        return run if output_file is None else partial(_written, run, output_file)

    return watched.execute(begin)


async def _written(run: Callable[[], Awaitable[RunResult]], file: str) -> RunResult:
    """Write what a run gives, once it is complete."""
    from strands_cli.errors import ArtifactError

    result = await run()
    if result.success:
        try:
            Path(file).write_text(f"{result.last_response}\n", encoding="utf-8")
        except OSError as error:
            raise ArtifactError(f"cannot write {file!r}: {error.strerror}", hint="Choose another place.") from None
    return result
