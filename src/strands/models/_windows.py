"""How much the known models read: their context windows in tokens, by model id."""

from __future__ import annotations

import re
from functools import lru_cache

_WINDOWS = (
    (r"claude-(opus-4-[678]|opus-5|sonnet-4-6|sonnet-4$|sonnet-5|haiku-5|fable|mythos)", 1_000_000),
    (r"claude-(opus|sonnet|haiku)-4|claude-3|claude-2\.1", 200_000),
    (r"nova-micro", 128_000),
    (r"nova-(pro|lite)$", 300_000),
    (r"nova-(premier|2-(lite|pro))", 1_000_000),
    (r"glm-5\.3", 1_000_000),
    (r"glm-4\.7", 203_000),
    (r"glm-5$", 200_000),
    (r"gpt-5\.4-(mini|nano)", 272_000),
    (r"gpt-(5\.[456]|6|6\.1)(-|$)", 1_050_000),
    (r"gpt-5-pro", 128_000),
    (r"gpt-5(\.[12])?(-(mini|nano|pro))?$", 272_000),
    (r"gpt-4\.1(-mini|-nano)?$", 1_047_576),
    (r"gpt-4o(-mini)?$|gpt-4-turbo", 128_000),
    (r"o[134](-mini|-pro)?$", 200_000),
    (r"gemini-(2\.[05]|3|3\.\d)-(flash|pro)", 1_048_576),
    (r"mistral-large-(latest|2512|3)", 262_144),
    (r"mistral-(medium|small)-(latest|3|25)", 131_072),
)
_KNOWN = [(re.compile(pattern), window) for pattern, window in _WINDOWS]
# What comes behind a model's name: its date, its version at Bedrock, and the window of a variant there.
_TAIL = re.compile(r"([-@](20\d{6}|20\d\d-\d\d-\d\d))?(-v\d+(:\d+)?)?(:(?P<window>\d+)k)?$")


@lru_cache(maxsize=256)
def window_of(model_id: str) -> int | None:
    """Return how many tokens a model reads; None for one that is not known.

    A region, a provider or a resource name before the model's own name does not matter, nor do a date and a version
    behind it.
    """
    name = model_id.lower().rpartition("/")[2]
    tail = _TAIL.search(name)
    if tail is not None and tail["window"]:
        return int(tail["window"]) * 1000
    name = name[: tail.start()] if tail is not None else name
    while name:
        for pattern, window in _KNOWN:
            if pattern.match(name):
                return window
        name = name.partition(".")[2]
    return None
