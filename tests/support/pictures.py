"""Screenshots made small: the few colours of a page as a palette, and the best compression there is."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_CHANNELS = {2: 3, 6: 4}


def shrink(path: Path) -> None:
    """Write a PNG of 8 bits a channel, as browsers make them, anew with a palette."""
    chunks = list(_chunks(path.read_bytes()))
    width, height, _, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    size = _CHANNELS[kind]
    raw = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    rows = [[row[at : at + 3] for at in range(0, len(row), size)] for row in _rows(raw, width * size, size)]
    counted = Counter(pixel for row in rows for pixel in row)
    palette = [pixel for pixel, _ in counted.most_common(_COLOURS)]
    nearest = {pixel: _nearest(pixel, palette) for pixel in counted}
    lines = b"".join(b"\0" + bytes(nearest[pixel] for pixel in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    path.write_bytes(_SIGNATURE + b"".join(_chunk(name, data) for name, data in parts))


def _nearest(pixel: bytes, palette: list[bytes]) -> int:
    def distance(number: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(pixel, palette[number], strict=True))

    return min(range(len(palette)), key=distance)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += length + 12


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rows(raw: bytes, length: int, size: int) -> Iterator[bytes]:
    """Yield the rows of a picture, each as it was before it was made ready for compression."""
    above = bytearray(length)
    for at in range(0, len(raw), length + 1):
        row = bytearray(raw[at + 1 : at + 1 + length])
        kind = raw[at]
        for place in range(length) if kind else ():
            left = row[place - size] if place >= size else 0
            corner = above[place - size] if place >= size else 0
            row[place] = (row[place] + _guess(kind, left, above[place], corner)) & 255
        yield bytes(row)
        above = row


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        whole = left + up - corner
        return min((left, up, corner), key=lambda each: abs(whole - each))
    return (0, left, up, (left + up) // 2)[kind]
