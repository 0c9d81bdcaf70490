"""HTML as readable text: what a person would read, with links as they are written."""

from __future__ import annotations

import html as entities
import re
import time

_SILENT = {"noscript", "template", "svg", "head", "iframe"}
_RAW = {"script", "style", "textarea", "xmp", "noembed", "noframes"}
_BLOCKS = {"p", "div", "section", "article", "br", "tr", "table", "ul", "ol", "pre", "blockquote", "header", "footer"}
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
# Each alternative stops at the next "<" outside quotes, so that tags which never end cost no more than those that do.
_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)
    | <(?P<end>/?)(?P<tag>[a-zA-Z][\w:-]*)(?P<attributes>[^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*)>
    | <[!?][^<>]*>""",
    re.DOTALL | re.VERBOSE,
)
_HREF = re.compile(r"""(?:^|[\s"'/])href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_HUGE_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_CUT = "[cut off: the page takes too long to read]"


class _Reader:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.title = ""
        self._silent = 0
        self._in_title = False
        self._links: list[str] = []

    def start(self, tag: str, attributes: str) -> None:
        if tag == "title":
            self._in_title = True
        elif tag in _SILENT:
            self._silent += 1
        elif tag in _HEADINGS:
            self.parts.append(f"\n\n{_HEADINGS[tag]} ")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a":
            found = _HREF.search(attributes)
            self._links.append(entities.unescape(found[1] or found[2] or found[3] or "") if found else "")

    def end(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _HEADINGS or tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link.startswith(("http://", "https://")) and not self._silent:
                self.parts.append(f" ({link})")

    def text(self, raw: str) -> None:
        if not raw or (self._silent and not self._in_title):
            return
        shown = entities.unescape(_HUGE_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", raw))
        if self._in_title:
            self.title += shown
        else:
            self.parts.append(re.sub(r"\s+", " ", shown))


def readable(html: str, seconds: float = 5.0) -> str:
    """Return the text of an HTML page, its title first.

    Args:
        html: The page.
        seconds: How long reading it may take; what is not read by then is cut off.
    """
    reader = _Reader()
    whole = _read(html, reader, time.monotonic() + seconds)
    lines = [line.strip(" \t") for line in "".join(reader.parts).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    title = " ".join(reader.title.split())
    shown = f"# {title}\n\n{text}" if title and not text.startswith(f"# {title}") else text
    return shown if whole else f"{shown}\n{_CUT}"


def _read(html: str, reader: _Reader, deadline: float) -> bool:
    """Read a page tag by tag; False when the time was over first."""
    lower = html.lower() if html.isascii() else re.sub("[A-Z]+", lambda found: found[0].lower(), html)
    at = 0
    while at < len(html):
        if time.monotonic() > deadline:
            return False
        found = _TOKEN.search(html, at)
        if found is None:
            break
        reader.text(html[at : found.start()])
        at = found.end()
        tag = (found["tag"] or "").lower()
        if found["end"]:
            reader.end(tag)
        elif tag in _RAW:
            closing = lower.find(f"</{tag}", at)
            at = len(html) if closing < 0 else closing
        elif tag:
            reader.start(tag, found["attributes"])
    reader.text(html[at:])
    return True
