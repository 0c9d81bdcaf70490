"""A provider that another package offers is treated like those of this build."""

from __future__ import annotations

import os

import pytest

from support.console import Console
from support.packages import install

PROVIDER = """
from strands.models.scripted import ScriptedModel
from strands_cli.capability.providers import Provider

provider = Provider(
    "acme",
    lambda config: ScriptedModel([f"acme says {config.model_id}"]),
    keys=("ACME_KEY",),
    variables=("ACME_",),
)
lacking = Provider("lacking", provider.make, package="no_such_package", install="pip install acme-client")


def plain(config):
    return ScriptedModel(["plain"])
"""
SPEC = """
version: 0
name: elsewhere
runtime: {{provider: {provider}, model_id: large}}
agents: {{a: {{prompt: hello}}}}
pattern: {{type: chain, config: {{steps: [{{agent: a}}]}}}}
"""


@pytest.fixture
def theirs(console: Console) -> Console:
    site = console.directory / "site"
    points = {
        "acme": "acme_models:provider",
        "lacking": "acme_models:lacking",
        "plain": "acme_models:plain",
        "broken": "acme_models:nothing",
    }
    install(
        site, "acme_models", {"acme_models.py": PROVIDER}, {f"strands.models/{key}": at for key, at in points.items()}
    )
    console.env["PYTHONPATH"] = os.pathsep.join([str(site), console.env.get("PYTHONPATH", "")])
    for name in points:
        console.write(f"{name}.yaml", SPEC.format(provider=name))
    return console


def test_it_is_listed_and_the_doctor_says_what_it_lacks(theirs: Console) -> None:
    assert "acme, broken, lacking, plain" in theirs.run("list-supported").stdout
    shown = theirs.run("doctor").stdout
    assert "set ACME_KEY" in shown and "pip install acme-client" in shown
    assert "provider 'broken' cannot be loaded from 'acme_models:nothing'" in shown


def test_it_runs_once_it_has_its_key(theirs: Console) -> None:
    assert "ACME_KEY; it is not set" in theirs.run("run", "acme.yaml", code=2).stderr
    theirs.env["ACME_KEY"] = "k"
    assert "acme says large" in theirs.run("run", "acme.yaml").stdout
    assert "plain" in theirs.run("run", "plain.yaml").stdout


def test_a_client_or_a_function_that_is_not_there_is_told_with_its_remedy(theirs: Console) -> None:
    assert "pip install acme-client" in theirs.run("run", "lacking.yaml", code=2).stderr
    assert "reinstall the package that offers it" in theirs.run("run", "broken.yaml", code=2).stderr
    theirs.write("acmee.yaml", SPEC.format(provider="acmee"))
    assert "did you mean 'acme'?" in theirs.run("validate", "acmee.yaml", code=None).stderr
