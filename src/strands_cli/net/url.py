"""URLs, read strictly: what two parsers could read in two ways is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from strands_cli.net.address import HostError, plain_host

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_SAFE_PATH = "/%:@!$&'()*+,;=-._~"
_SAFE_QUERY = _SAFE_PATH + "?"
_PORTS = {"http": 80, "https": 443}


class URLError(ValueError):
    """A URL cannot be used."""


@dataclass(frozen=True, slots=True)
class URL:
    """A URL in one form: `host` as it is looked up, `target` as it stands in the request line."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.target}"


def parse(text: str) -> URL:
    """Return an absolute http(s) URL.

    Raises:
        URLError: It is none, or it holds a name and password, a control character, or a backslash.
    """
    text = text.strip()
    if len(text) > 8192 or _FORBIDDEN.search(text):
        raise URLError(f"{text[:100]!r} is not a URL: it is too long, or has spaces, control characters or backslashes")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise URLError(f"{text[:100]!r} is not a URL: {error}") from error
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.netloc:
        raise URLError(f"{text[:100]!r} is not a URL: write http://... or https://...")
    if "@" in parts.netloc:
        raise URLError(f"a URL must not hold a name and password (host {parts.hostname!r})")
    try:
        host = plain_host(_host_of(parts.netloc))
    except HostError as error:
        raise URLError(str(error)) from error
    target = quote(parts.path or "/", safe=_SAFE_PATH)
    if parts.query:
        target += "?" + quote(parts.query, safe=_SAFE_QUERY)
    return URL(scheme, host, _PORTS[scheme] if port is None else port, target)


def redirected(url: URL, location: str) -> URL:
    """Return where a redirect leads."""
    return parse(urljoin(str(url), location))


def below(base: URL, path: str) -> URL:
    """Return the URL of a path below a base URL, whose host and leading path it cannot leave.

    Raises:
        URLError: The path is a URL itself, or leads elsewhere.
    """
    path = path.strip()
    if _FORBIDDEN.search(path.replace(" ", "")) or len(path) > 8192:
        raise URLError(f"{path[:100]!r} is not a path: it is too long, or has control characters or backslashes")
    if re.match(r"(?i)[a-z][a-z0-9+.-]*:", path) or path.startswith("//"):
        raise URLError(f"{path[:100]!r} is not a path below {str(base)!r}: write it without scheme and host")
    path = path.partition("#")[0]
    before, mark, query = path.partition("?")
    if any(unquote(unquote(part)) in (".", "..") for part in re.split(r"/|%2[fF]|%5[cC]", before)):
        raise URLError(f"{path[:100]!r} must not hold '.' or '..'")
    root = base.target.partition("?")[0].rstrip("/")
    joined = root + "/" + before.lstrip("/") if before else root or "/"
    target = quote(joined, safe=_SAFE_PATH)
    if mark:
        target += "?" + quote(query, safe=_SAFE_QUERY)
    return URL(base.scheme, base.host, base.port, target)


def _host_of(netloc: str) -> str:
    if netloc.startswith("["):
        return netloc.partition("]")[0] + "]"
    return netloc.partition(":")[0]
