"""`strands run`: run a workflow, asking here or pausing for a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import completion, options
from strands_cli.cli.prepared import Prepared

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.cli.resuming import Given, RunOptions
    from strands_cli.types import HITLHandler, RunResult


@click.command("run")
@click.argument("spec", metavar="SPEC", required=False, shell_complete=completion.files)
@click.option(
    "--var",
    "-V",
    "texts",
    metavar="NAME=VALUE",
    multiple=True,
    shell_complete=completion.variables,
    help="A variable; @FILE reads its value.",
)
@click.option(
    "--vars", "file", metavar="FILE", shell_complete=completion.files, help="A YAML or JSON file of variables."
)
@click.option("--ask", is_flag=True, help="Ask for required variables that are missing.")
@click.option(
    "--resume",
    "session_id",
    metavar="ID",
    shell_complete=completion.open_sessions,
    help="Go on with this session instead of a new run.",
)
@click.option("--hitl-response", "response", metavar="TEXT", help="The answer to the open question of --resume.")
@click.option("--auto-resume", is_flag=True, help="Go on with this workflow's newest unfinished session, if any.")
@click.option("--no-save-session", is_flag=True, help="Keep nothing on disk; the run cannot be resumed.")
@click.option("--queue", is_flag=True, help="Leave the run to a worker, and print the id of its session.")
@click.option("--trace", is_flag=True, help="Write what happened, with times and tokens, to NAME-trace.json.")
@options.prepared
@options.resuming
@options.running
def command(
    spec: str | None,
    session_id: str | None,
    response: str | None,
    auto_resume: bool,
    no_save_session: bool,
    queue: bool,
    trace: bool,
    texts: tuple[str, ...],
    file: str | None,
    ask: bool,
    answers_file: str | None,
    replies_file: str | None,
    record: str | None,
    replay: str | None,
    **how: Any,
) -> int:
    """Run the workflow in SPEC.

    It asks you in a terminal; elsewhere it pauses at a question, exits with 19 and prints the command that resumes it.
    """
    from strands_cli.cli import resuming

    chosen = resuming.RunOptions(**how)
    ready = Prepared(answers_file, replies_file, record, replay)
    ready.check(new=not (session_id or auto_resume or queue), offline=chosen.offline)
    if queue and (session_id or auto_resume or no_save_session or trace):
        raise click.UsageError(
            "--queue begins a new run: it goes with no --resume, --auto-resume, --trace and the like"
        )
    if session_id:
        given = resuming.Given(texts, file)
        return resuming.go_on(session_id, chosen, response=response, trace=trace, spec=spec, given=given)
    if not spec:
        raise click.UsageError("a workflow file is missing")
    if response is not None and not auto_resume:
        raise click.UsageError("--hitl-response needs --resume ID or --auto-resume")
    if queue:
        return _queued(_workflow(spec, chosen, no_save_session), resuming.Given(texts, file), chosen, ask)
    watched = chosen.watched(trace=trace, saved=not no_save_session)

    def begin() -> Callable[[], Awaitable[RunResult]]:
        workflow = ready.workflow(_workflow(spec, chosen, no_save_session))
        watched.handler = ready.handler(watched.handler, chosen.interactive)
        watched.file = workflow.spec.source
        given = resuming.Given(texts, file)
        session = resuming.newest(workflow.spec, given, response) if auto_resume else None
        if session is not None:
            return resuming.prepared(session, chosen, watched, workflow.spec, response=response)
        variables = given.variables(workflow.spec, ask=ask)
        workflow.on("*", watched)
        return lambda: _started(workflow, watched.handler, variables)

    code = watched.execute(begin)
    if trace:
        resuming.write_trace(watched, chosen.out)
    ready.tell_unused(quiet=chosen.quiet)
    return code


def _workflow(spec: str, chosen: RunOptions, no_save_session: bool) -> Workflow:
    from strands_cli.api.workflow import Workflow

    repository: Any = None
    if no_save_session:
        from strands_cli.session.memory import MemorySessionRepository

        repository = MemorySessionRepository()
    workflow = Workflow.from_file(
        spec,
        repository=repository,
        output_dir=chosen.out,
        overwrite=chosen.force,
        offline=chosen.offline,
        real_tools=chosen.real_tools,
        **chosen.from_app(),
    )
    if chosen.app is not None:
        from strands_cli.api.program import directory_of

        workflow.options.app, workflow.options.app_directory = chosen.app, directory_of(chosen.app)
    return workflow


def _queued(workflow: Workflow, given: Given, chosen: RunOptions, ask: bool) -> int:
    from strands_cli.cli import logs
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.sessions._open import unfit_reasons
    from strands_cli.errors import OK

    logs.configure(verbose=chosen.verbose, debug=chosen.debug)
    session_id = workflow.submit(variables=given.variables(workflow.spec, ask=ask))
    if chosen.as_json:
        print_json({"session_id": session_id, "status": "queued"})
        return OK
    print_text(session_id)
    if not chosen.quiet:
        line = {"id": session_id, "status": "queued", "workflow": workflow.name}
        reason = unfit_reasons([line]).get(session_id)
        say(f"Queued for a worker{f', and {reason}' if reason else ''}: strands sessions show {session_id}")
    return OK


async def _started(workflow: Workflow, handler: HITLHandler | None, variables: dict[str, Any]) -> RunResult:
    if handler is None:
        return await workflow.run_async(variables=variables)
    return await workflow.run_interactive_async(hitl_handler=handler, keep_session=True, variables=variables)
