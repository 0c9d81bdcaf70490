from collections.abc import Iterator
from pathlib import Path

import pytest

from support.console import QUICK_START, Console
from support.stub_openai import StubOpenAI


@pytest.fixture
def console(tmp_path: Path) -> Console:
    """A console with `my_workflow.yaml`, the quick start's, and no key."""
    console = Console(tmp_path)
    console.write("my_workflow.yaml", QUICK_START)
    return console


@pytest.fixture
def stub() -> Iterator[StubOpenAI]:
    """A provider that says what it was asked."""
    with StubOpenAI() as stub:
        yield stub


@pytest.fixture
def online(console: Console, stub: StubOpenAI) -> Console:
    """The console with a key and the stub as its provider."""
    console.env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": stub.url}
    return console
