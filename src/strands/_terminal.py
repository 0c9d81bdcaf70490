"""Untrusted text on a terminal: what could act on the terminal, or hide in it, is shown as an escape.

Rule after Unicode TR36 and CVE-2021-42574: a control character, a bidirectional override, an invisible format
character and a lone surrogate are never sent; their code is printed instead. Nothing is left out.
"""

from __future__ import annotations

import re
import sys

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\xad\u061c\u180e"  # soft hyphen, Arabic letter mark, Mongolian vowel separator
    "\u200b\u200e\u200f"  # zero width space, direction marks; joiners stay, scripts and emoji need them
    "\u2028-\u202e\u2060-\u206f"  # separators, embeddings, overrides, isolates, invisible operators
    "\ufeff\ufff9-\uffff"
    "\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tags and variation selectors supplement: text that no font draws
    "]"
)
_TAB = "    "


def visible(text: object) -> str:
    """Return `text` fit to be printed: newlines stay, tabs become spaces, what is unsafe becomes its escape."""
    plain = text if isinstance(text, str) else str(text)
    if plain.isascii() and plain.isprintable():
        return plain
    return _UNSAFE.sub(_escape, plain.replace("\r\n", "\n").replace("\t", _TAB))


def put(text: str, end: str = "\n") -> None:
    """Print `text` at once; characters that the standard output cannot encode are printed as their escapes."""
    try:
        print(text, end=end, flush=True)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding), end=end, flush=True)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
