"""One module a subject, all with the same names; `worker` runs them, each in its own environment.

    LABEL            what the table calls it
    IMPORT           the import statement that its users write
    WORKFLOW_IMPORT  the same for its workflows, if it has any
    COMMAND          arguments after the interpreter that print its command's help, if it has one
    DISTRIBUTION     the distribution whose version is reported, or None

    async turn(tools, *, sync=False)
        -> a callable: one user turn on a new conversation. The model asks for `tools` tools at once (plain functions
        when `sync`, else coroutines) and then answers with the sum of their results.
    async long_turn(messages, store, stack)
        -> a callable: one user turn without tools on a conversation that has `messages` messages; kept in `store` if
        given.
    async chain(delay, store, stack)
        -> a callable: name -> a callable that makes five model calls in a row, each `delay` seconds long, and returns
        their texts; durable in `store` if given. What it takes to build the chain is not measured.
    approval(store, name), gate(store, name)
        -> an object with `ask()` (run until a person is needed; the question is on disk when it returns) and
        `answer()` (approve, and return the final text). In a new process `answer()` works alone. An approval is asked
        for a tool that a model calls, a gate stands between the steps of a workflow.

    async stores(directory, postgres, stack)
        -> {"files", "sqlite" or "postgres": an object}, whose `chain()` runs five durable steps and whose `life()`, if
        it has one, returns the acts of a new gate in order: `ask`, `answer` where that is apart, `go_on`. `postgres` is
        the URL of a server, or None.
    async paused_sessions(directory, postgres, count), async answers(directory, postgres, count),
    async paused_memory(directory, count)
        -> see `ours_stores`.

Every model is a stub in the process. `stack` closes what a subject opened. What a package does not offer raises
NotImplementedError. Imports stand inside the functions: the driver reads these modules without the packages.
"""
