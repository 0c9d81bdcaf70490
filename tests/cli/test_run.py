"""`strands run` and `resume`: the quick start, pausing here and going on there."""

import json
import os
import subprocess

import pytest

from support.console import QUICK_START, STRANDS, Console, until
from support.stub_openai import Fault, Say, StubOpenAI, Use

SCRIPT = """\
from strands import Workflow

# Load workflow
workflow = Workflow.from_file("my_workflow.yaml")

# Run with interactive HITL prompts
result = workflow.run_interactive(topic="quantum computing")

# Access results
print(f"Success: {result.success}")
print(f"Duration: {result.duration_seconds:.2f}s")
print(f"\\nFinal Output:\\n{result.last_response}")
"""
TOPIC = ("--var", "topic=quantum computing")


def test_the_quick_start_as_a_script_in_a_terminal(online: Console, stub: StubOpenAI) -> None:
    terminal = online.script("run_workflow.py", SCRIPT)
    terminal.expect("HUMAN INPUT REQUIRED").expect("Review the research findings. Approve or request changes?")
    terminal.expect("Reply to: Research quantum computing").expect("Your response: ")
    shown = terminal.type("Approved - excellent research!").end()
    assert "Success: True" in shown
    assert "Final Output:\nReply to: Write summary. HITL feedback: Approved - excellent research!" in shown
    assert len(stub.requests) == 2
    assert not list((online.home / "workflows").glob("session_*"))


def test_run_in_a_terminal_asks_and_shows_how_it_gets_on(online: Console) -> None:
    terminal = online.terminal("run", "my_workflow.yaml", *TOPIC)
    shown = terminal.expect("Your response: ").type("fine").end()
    lines = [line.rstrip() for line in shown.splitlines()]
    assert any("✓ steps/0" in line and "researcher" in line and "18 tokens" in line for line in lines)
    assert any("✓ steps/1" in line and "answered  fine" in line for line in lines)
    assert any("✓ steps/2" in line and "writer" in line for line in lines)
    panel = shown[shown.index("╭─ HUMAN INPUT") : shown.index("Your response: fine")]
    assert "✓" not in panel and "⠋" not in panel
    assert "Completed in" in shown and "36 tokens" in shown


def test_pause_here_and_resume_there(online: Console, stub: StubOpenAI) -> None:
    paused = online.run("run", "my_workflow.yaml", *TOPIC, code=19)
    assert paused.stdout == ""
    command = paused.stderr.split("Resume: ")[1].strip()
    session_id = command.split()[2]
    assert command == f"strands resume {session_id} --answer 'q1=<TEXT>'"
    assert "Review the research findings." in paused.stderr
    done = online.run("resume", session_id, "--response", "approved")
    assert done.stdout == "Reply to: Write summary. HITL feedback: approved\n"
    assert [request.prompt for request in stub.requests] == [
        "Research quantum computing",
        "Write summary. HITL feedback: approved",
    ]


def test_run_resume_with_a_response(online: Console, stub: StubOpenAI) -> None:
    session_id = json.loads(online.run("run", "my_workflow.yaml", *TOPIC, "--json", code=19).stdout)["session_id"]
    done = online.run("run", "my_workflow.yaml", "--resume", session_id[:-3], "--hitl-response", "approved", "--quiet")
    assert done.stdout == "Reply to: Write summary. HITL feedback: approved\n"
    assert done.stderr == ""
    assert len(stub.requests) == 2


def test_resume_in_a_terminal_asks_the_open_question(online: Console) -> None:
    session_id = json.loads(online.run("run", "my_workflow.yaml", *TOPIC, "--json", code=19).stdout)["session_id"]
    terminal = online.terminal("resume", session_id).expect("Reply to: Research quantum").expect("Your response: ")
    assert "HITL feedback: good" in terminal.type("good").end()


def test_later_pauses(online: Console) -> None:
    terminal = online.terminal("run", "my_workflow.yaml", *TOPIC).expect("Your response: ").type("/later")
    assert "Resume: strands resume interactive-research-" in terminal.end(19)


def test_json_is_one_result_whatever_happens(online: Console, stub: StubOpenAI) -> None:
    paused = json.loads(online.run("run", "my_workflow.yaml", *TOPIC, "--json", code=19).stdout)
    assert (paused["agent_id"], paused["status"], paused["exit_code"], paused["success"]) == (
        "hitl",
        "paused",
        19,
        False,
    )
    assert paused["questions"][0]["id"] == "steps/1"
    assert paused["questions"][0]["context"] == "Reply to: Research quantum computing"
    done = json.loads(online.run("resume", paused["session_id"], "--answer", "steps/1=ok", "--json").stdout)
    assert (done["status"], done["exit_code"], done["success"]) == ("completed", 0, True)
    assert done["last_response"] == "Reply to: Write summary. HITL feedback: ok"
    assert done["token_usage"] == {"researcher": 18, "writer": 18}
    wrong = online.run("run", "missing.yaml", "--json", code=12)
    assert json.loads(wrong.stdout)["exit_code"] == 12
    assert "missing.yaml" in json.loads(wrong.stdout)["error_message"]


def test_what_a_run_cost_is_said_at_each_step_at_its_end_and_of_its_session(online: Console) -> None:
    prices = online.directory / "prices.yaml"
    prices.write_text("gpt-4o-mini: {input: 10000, output: 20000}\n")
    online.env["STRANDS_PRICES"] = str(prices)
    paused = json.loads(online.run("run", "my_workflow.yaml", *TOPIC, "--json", code=19).stdout)
    assert paused["cost"] == paused["cost_by_agent"]["researcher"] == pytest.approx(0.25)
    done = online.run("resume", paused["session_id"], "--answer", "steps/1=ok")
    assert "$0.25" in next(line for line in done.stderr.splitlines() if "writer" in line)
    assert "36 tokens, $0.50, session" in done.stderr
    shown = online.run("sessions", "show", paused["session_id"]).stdout
    assert "Cost      $0.50 (researcher $0.25, writer $0.25)" in shown.splitlines()
    told = json.loads(online.run("sessions", "show", paused["session_id"], "--json").stdout)
    assert told["cost"] == pytest.approx(0.5) and told["usage"]["writer"]["output"] == 7
    prices.write_text("gpt-4o-mini: {input: 10000}\n")
    assert "gpt-4o-mini.output" in online.run("run", "my_workflow.yaml", *TOPIC, code=2).stderr


def test_a_model_without_a_price_is_said_to_have_none(online: Console) -> None:
    spec = online.directory / "my_workflow.yaml"
    spec.write_text(spec.read_text().replace("gpt-4o-mini", "house-model"))
    paused = json.loads(online.run("run", str(spec), *TOPIC, "--json", code=19).stdout)
    assert paused["cost"] is None and paused["unpriced_models"] == ["house-model"]
    done = online.run("resume", paused["session_id"], "--answer", "steps/1=ok")
    assert "cost unknown (no price for house-model)" in done.stderr
    shown = online.run("sessions", "show", paused["session_id"]).stdout
    assert "Cost      unknown (no price for house-model) (researcher unknown, writer unknown)" in shown.splitlines()
    spec.write_text(spec.read_text().replace("house-model", "house-model\n  budgets: {max_cost: 1}"))
    assert "no price is known of house-model" in online.run("run", str(spec), *TOPIC, code=2).stderr


def test_a_failed_run_can_be_resumed(console: Console) -> None:
    with StubOpenAI([Fault(400, "no such model"), "Findings", "Summary"]) as stub:
        console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
        failed = console.run("run", "my_workflow.yaml", *TOPIC, "--json", code=10)
        result = json.loads(failed.stdout)
        assert (result["status"], result["success"]) == ("failed", False)
        assert "no such model" in failed.stderr
        assert f"strands resume {result['session_id']}" in failed.stderr
        assert "no such model" in console.run("sessions", "show", result["session_id"]).stdout
        console.run("resume", result["session_id"], code=19)
        assert console.run("resume", result["session_id"], "-r", "ok", "-q").stdout == "Summary\n"


def test_auto_resume_goes_on_with_the_newest_unfinished_session(console: Console) -> None:
    arguments = ("run", "my_workflow.yaml", *TOPIC, "--offline", "--auto-resume", "--json")
    first = json.loads(console.run(*arguments, code=19).stdout)
    second = json.loads(console.run(*arguments, "--hitl-response", "ok").stdout)
    assert second["session_id"] == first["session_id"]
    assert json.loads(console.run(*arguments, code=19).stdout)["session_id"] != first["session_id"]


def test_no_save_session_keeps_nothing(console: Console) -> None:
    paused = console.run("run", "my_workflow.yaml", *TOPIC, "--offline", "--no-save-session", code=19)
    assert "Nothing was kept" in paused.stderr and "strands resume" not in paused.stderr
    terminal = console.terminal("run", "my_workflow.yaml", *TOPIC, "--offline", "--no-save-session")
    terminal.expect("Your response: ").type("ok").end()
    assert not list(console.home.rglob("*.jsonl"))


def test_quiet_prints_the_response_only(console: Console) -> None:
    done = console.run("run", "my_workflow.yaml", *TOPIC, "--offline", "--quiet", "--interactive", stdin="approved\n")
    assert done.stdout.count("\n") == 1
    assert "HUMAN INPUT REQUIRED" in done.stderr and "✓" not in done.stderr


def test_input_that_ends_pauses(console: Console) -> None:
    console.run("run", "my_workflow.yaml", *TOPIC, "--offline", "--interactive", stdin="", code=19)


INPUTS = """\
version: 1
name: inputs
runtime: {provider: scripted}
inputs:
  required: {topic: string, count: {type: integer, description: How many}, tone: {type: string, enum: [dry, warm]}}
  optional: {tags: {type: array, default: []}}
agents: {a: {prompt: "You write."}}
pattern: {type: chain, config: {steps: [{agent: a, input: "{{topic}} {{count + 1}} {{tone}} {{tags | join('-')}}"}]}}
outputs: {artifacts: [{path: "./{{ tone }}.md", from: "{{ last_response }}"}]}
"""


def test_variables_from_options_files_and_questions(console: Console) -> None:
    console.write("inputs.yaml", INPUTS)
    console.write("topic.txt", "from a file")
    console.write("more.yaml", "count: 3\ntone: dry\ntags: [a, b]\n")
    ran = json.loads(
        console.run(
            "run", "inputs.yaml", "--var", "topic=@topic.txt", "--vars", "more.yaml", "-V", "tone=warm", "--json"
        ).stdout
    )
    shown = json.loads(console.run("sessions", "show", ran["session_id"], "--json").stdout)
    assert shown["inputs"] == {"topic": "from a file", "count": 3, "tone": "warm", "tags": ["a", "b"]}
    terminal = console.terminal("run", "inputs.yaml", "--ask", "--var", "topic=x", "--force", "--out", "there")
    terminal.expect("count (integer) - How many: ").type("many").expect("Not taken").expect("How many: ").type("2")
    terminal.expect("tone (1 dry | 2 warm): ").type("2").end()
    assert (console.directory / "there" / "warm.md").is_file()


def test_artifacts_are_not_overwritten_unless_told(console: Console) -> None:
    console.write("inputs.yaml", INPUTS)
    arguments = ("run", "inputs.yaml", "-V", "topic=x", "-V", "count=1", "-V", "tone=dry")
    first = console.run(*arguments)
    path = console.directory / "dry.md"
    assert f"Wrote {path}" in first.stderr
    path.write_text("mine")
    refused = console.run(*arguments, code=12)
    assert "dry.md" in refused.stderr and "--force" in refused.stderr
    assert path.read_text() == "mine"
    console.run(*arguments, "--force")
    assert path.read_text() != "mine"


def test_trace(console: Console) -> None:
    console.run("run", "my_workflow.yaml", *TOPIC, "--offline", "--trace", "--out", "traces", code=19)
    trace = json.loads((console.directory / "traces" / "interactive-research-trace.json").read_text())
    assert [event["type"] for event in trace["events"]][:2] == ["workflow_start", "step_start"]
    assert trace["events"][-1]["type"] == "workflow_paused"


PARALLEL = """\
version: 0
name: both
runtime: {provider: scripted}
agents: {a: {prompt: "You write."}}
pattern:
  type: parallel
  config:
    branches:
      - {id: web, steps: [{agent: a, input: web}, {type: hitl, prompt: "Web fine?", choices: [yes, no]}]}
      - {id: docs, steps: [{agent: a, input: docs}, {type: hitl, prompt: "Docs fine?"}]}
    reduce: {agent: a, input: "{{ branches.web.response }} {{ branches.docs.response }}"}
"""


def test_several_questions_are_answered_by_id(console: Console) -> None:
    console.write("both.yaml", PARALLEL)
    paused = console.run("run", "both.yaml", code=19)
    command = paused.stderr.split("Resume: ")[1].split()
    web, docs = "'q1=<yes|no>'", "'q2=<TEXT>'"
    assert command[3:] == ["--answer", web, "--answer", docs]
    ambiguous = console.run("resume", command[2], "--response", "yes", code=17)
    assert "branches/web/steps/1" in ambiguous.stderr
    half = console.run("resume", command[2], "--answer", "branches/web/steps/1=YES", "--json", code=19)
    assert [question["id"] for question in json.loads(half.stdout)["questions"]] == ["branches/docs/steps/1"]
    console.run("resume", command[2], "--response", "sure")


def test_several_questions_in_a_terminal_come_one_at_a_time(console: Console) -> None:
    console.write("both.yaml", PARALLEL)
    terminal = console.terminal("run", "both.yaml").expect("Web fine?").expect("Your response: ").type("maybe")
    terminal.expect("Not taken: 'maybe' is not one of the choices").expect("Your response: ").type("1")
    terminal.expect("Docs fine?").expect("Your response: ").type("fine")
    shown = terminal.end()
    assert shown.index("answered  yes") < shown.index("Docs fine?")


@pytest.mark.parametrize("command", [["schema"], ["--help"], ["run", "my_workflow.yaml", "--offline", "-V", "topic=x"]])
def test_output_to_a_reader_that_left(console: Console, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [STRANDS, *command], stdout=writer, stderr=writer, env=console.env, cwd=console.directory, timeout=60
        )
    finally:
        os.close(writer)
    assert done.returncode == 141


def test_case_30_a_response_is_escaped_on_a_terminal_and_raw_in_a_pipe(console: Console) -> None:
    hostile = "a\x1b[2Jb\x1b]52;c;aGk=\x07[/b]\u202e"
    with StubOpenAI([hostile, hostile] * 2) as stub:
        console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
        terminal = console.terminal("run", "my_workflow.yaml", *TOPIC, "--verbose").expect("Your response: ")
        shown = terminal.type("ok").end()
        assert terminal.foreign() == []
        assert shown.count("a\\x1b[2Jb\\x1b]52;c;aGk=\\x07[/b]\\u202e") >= 3
        piped = console.run("run", "my_workflow.yaml", *TOPIC, "-q", "--interactive", stdin="ok\n")
        assert piped.stdout == hostile + "\n"


LANES = """\
version: 0
name: lanes
runtime: {provider: openai, model_id: m}
agents: {a: {prompt: "You write."}}
pattern:
  type: parallel
  config:
    branches:
      - {id: fast, steps: [{agent: a, input: fast}, {type: hitl, prompt: "Fast fine?"}]}
      - {id: slow, steps: [{agent: a, input: slow}]}
"""


def test_nothing_is_mixed_into_a_prompt_while_another_lane_goes_on(console: Console) -> None:
    console.write("lanes.yaml", LANES)
    with StubOpenAI(lambda request: Say("done", delay=1.5 if "slow" in request.prompt else 0)) as stub:
        console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
        terminal = console.terminal("run", "lanes.yaml", "--debug").expect("Fast fine?").expect("Your response: ")
        (session,) = json.loads(console.run("sessions", "list", "--json").stdout)

        def slow_is_done() -> bool:
            shown = json.loads(console.run("sessions", "show", session["id"], "--json").stdout)
            return any("slow" in item["key"] and item["text"] for item in shown["history"])

        until(slow_is_done)
        before, after = terminal.type("yes").end().split("Your response: yes", 1)
    asked = before[before.index("╭─ HUMAN INPUT") :]
    assert "branches/slow" not in asked and "DEBUG" not in asked
    assert "✓ branches/slow/steps/0" in after


PRINTING = """\
from strands import tool

@tool
def shout(word: str) -> str:
    '''Shout.'''
    print("SHOUTED", word)
    return word
"""


def test_what_tools_print_is_not_data(console: Console) -> None:
    console.write("shouting.py", PRINTING)
    spec = QUICK_START.replace('key findings"', 'key findings"\n    tools: [shout]')
    console.write("shouts.yaml", spec + "tools: {python: [{callable: 'shouting:shout'}]}\n")
    console.env["PYTHONPATH"] = os.pathsep.join([str(console.directory), console.env.get("PYTHONPATH", "")])
    with StubOpenAI([Use("shout", {"word": "hey"}), "Findings"]) as stub:
        console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
        done = console.run("run", "shouts.yaml", *TOPIC, "--json", code=19)
    assert json.loads(done.stdout)["status"] == "paused"
    assert "SHOUTED hey" in done.stderr


def test_a_script_that_is_interrupted_at_the_prompt(online: Console) -> None:
    interruptible = (
        "try:\n"
        + "".join(f"    {line}\n" for line in SCRIPT.splitlines())
        + ("except KeyboardInterrupt:\n    print('Workflow interrupted by user', flush=True)\n    input()\n")
    )
    terminal = online.script("run_workflow.py", interruptible).expect("Your response: ")
    until(lambda: not terminal.cooked())
    terminal.process.sendintr()
    terminal.expect("Workflow interrupted by user")
    assert terminal.cooked()
    terminal.type("").end()
    (session,) = json.loads(online.run("sessions", "list", "--json").stdout)
    online.run("resume", session["id"], "--response", "ok")


def test_a_script_whose_question_is_left_open_says_how_to_go_on(online: Console) -> None:
    shown = online.script("run_workflow.py", SCRIPT).expect("Your response: ").type("/later").end()
    (session,) = json.loads(online.run("sessions", "list", "--json").stdout)
    assert f"Resume: strands resume {session['id']}" in shown
    online.run("resume", session["id"], "--response", "ok")


def test_the_hint_of_a_provider_belongs_to_its_error(console: Console) -> None:
    with StubOpenAI([Fault(401, body={"error": {"message": "Incorrect API key provided."}})] * 2) as stub:
        console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
        done = console.run("run", "my_workflow.yaml", "--var", "topic=bees", code=10)
    lines = [line for line in done.stderr.splitlines() if line.startswith(("Error:", "Hint:"))]
    assert [line.partition(":")[0] for line in lines] == ["Error", "Hint"]
    assert "Incorrect API key provided. Check the API key" in lines[0]
    assert "\\n" not in done.stderr


DEADLINE = """\
version: 0
name: late
runtime: {provider: scripted}
agents: {a: {prompt: p}}
pattern: {type: chain, config: {steps: [{type: hitl, prompt: "Go on?", timeout_seconds: 0.01%s}]}}
"""


@pytest.mark.parametrize(
    ("more", "code", "shown"),
    [
        ("", 10, "✗ steps/0    nobody answered in time"),
        (", default: no", 0, "nobody answered in time; its default is  no"),
    ],
)
def test_silence_does_not_look_like_an_answer(console: Console, more: str, code: int, shown: str) -> None:
    console.write("late.yaml", DEADLINE % more)
    done = console.run("run", "late.yaml", "--pause", code=None)
    if done.returncode == 19:  # it rested before the deadline
        done = console.run("resume", json.loads(console.run("sessions", "list", "--json").stdout)[0]["id"], code=None)
    assert done.returncode == code
    assert shown in done.stderr and "answered  " not in done.stderr
