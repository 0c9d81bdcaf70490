"""Hosts and addresses: what a URL's host really names, in every spelling, and whether tools may go there."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import TypeAlias

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "localdomain", "home.arpa")
_METADATA_NAMES = ("metadata", "instance-data", "metadata.goog", "metadata.azure.com")
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # most clouds
        "169.254.170.2",  # Amazon ECS
        "168.63.129.16",  # Azure: a public address that only its own machines reach
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # Amazon, IPv6
        "fd20:ce::254",  # Google, IPv6
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_V6 = (ipaddress.ip_network("fec0::/10"), ipaddress.ip_network("64:ff9b:1::/48"))
_EMBEDDING = tuple(ipaddress.ip_network(text) for text in ("::/96", "::ffff:0:0:0/96"))
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\Z")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")


class HostError(ValueError):
    """A host is written in a way that no honest URL needs."""


def plain_host(host: str) -> str:
    """Return the host as it is looked up: lower case, ASCII, without a trailing dot; an address in its usual form.

    Raises:
        HostError: It is empty or malformed.
    """
    if host.startswith("[") or ":" in host:
        return str(_ipv6(host.removeprefix("[").removesuffix("]")))
    folded = _DOTS.sub(".", unicodedata.normalize("NFKC", host)).lower()
    folded = folded.removesuffix(".")
    if not folded or len(folded) > 253:
        raise HostError(f"{host!r} is not a host name")
    labels = folded.split(".")
    if _NUMBER.match(labels[-1]):
        return str(_ipv4(labels, host))
    return ".".join(_label(label, host) for label in labels)


def literal(host: str) -> Address | None:
    """Return the address that a plain host is, or None when it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def why_not(host: str) -> str:
    """Return why tools may not go to a plain host, judged by its name alone; "" when they may."""
    address = literal(host)
    if address is not None:
        return why_not_address(address)
    if host in _METADATA_NAMES:
        return "it serves a cloud machine's credentials"
    if "." not in host or any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES):
        return "it names a machine of the local network"
    return ""


def why_not_address(address: Address) -> str:
    """Return why tools may not connect to an address; "" when they may."""
    for each in _meant(address):
        if each in _METADATA:
            return "it serves a cloud machine's credentials"
        if each.is_loopback or each.is_unspecified:
            return "it is this machine"
        if each.is_link_local:
            return "it is link-local"
        if each.is_multicast:
            return "it is a multicast address"
        if not each.is_global or each.is_reserved or any(each in network for network in _LOCAL_V6):
            return "it is private"
    return ""


def _meant(address: Address) -> list[Address]:
    """Return the address and every IPv4 address that it may be a wrapping of."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    inner: list[ipaddress.IPv4Address] = []
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [low]
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner.extend(address.teredo)
    if int(address) > 1 and any(address in network for network in _EMBEDDING):
        return [low]
    if (int(address) >> 32) & 0xFFFFFFFF in (0x5EFE, 0x2005EFE):  # ISATAP
        inner.append(low)
    return [address, *inner]


def _ipv6(text: str) -> ipaddress.IPv6Address:
    try:
        address = ipaddress.IPv6Address(unicodedata.normalize("NFKC", text))
    except ValueError as error:
        raise HostError(f"{text!r} is not an IPv6 address") from error
    if address.scope_id is not None:
        raise HostError(f"{text!r} names a network interface")
    return address


def _ipv4(labels: list[str], host: str) -> ipaddress.IPv4Address:
    """Read the spellings that the C library reads: decimal, octal, hexadecimal, with one to four parts."""
    try:
        parts = [_number(label) for label in labels]
    except ValueError as error:
        raise HostError(f"{host!r} is neither a host name nor an address") from error
    *bytes_, last = parts
    if len(parts) > 4 or any(part > 255 for part in bytes_) or last >= 256 ** (5 - len(parts)):
        raise HostError(f"{host!r} is not an IPv4 address")
    value = last
    for index, part in enumerate(bytes_):
        value += part << (24 - 8 * index)
    return ipaddress.IPv4Address(value)


def _number(label: str) -> int:
    if not _NUMBER.match(label):
        raise ValueError(label)
    if label[:2] in ("0x", "0X"):
        return int(label[2:] or "0", 16)
    if len(label) > 1 and label[0] == "0":
        return int(label, 8)
    return int(label, 10)


def _label(label: str, host: str) -> str:
    ascii_label = label
    if not label.isascii():
        try:
            ascii_label = label.encode("idna").decode("ascii").lower()
        except UnicodeError as error:
            raise HostError(f"{host!r} is not a host name") from error
    if not _NAME.match(ascii_label):
        raise HostError(f"{host!r} is not a host name")
    return ascii_label
