"""From a file, a text or a dict to a checked spec. Names are imported when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from strands_cli.loader.errors import LoadError as LoadError
    from strands_cli.loader.inputs import coerce_text as coerce_text
    from strands_cli.loader.inputs import resolve_inputs as resolve_inputs
    from strands_cli.loader.load import load_dict as load_dict
    from strands_cli.loader.load import load_file as load_file
    from strands_cli.loader.load import load_text as load_text
else:
    __getattr__, __dir__ = lazy(__name__)
