"""Pictures as tests see them: the text in the drawing, and the size and colours of the pixels."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
import zlib

from bot.pictures.picture import Picture

SVG = "{http://www.w3.org/2000/svg}"
PNG = b"\x89PNG\r\n\x1a\n"


def texts(picture: Picture) -> list[str]:
    """Return the lines of text in a drawing, in the order they were written."""
    return [item.text or "" for item in ET.fromstring(picture.svg).iter(f"{SVG}text")]


def size(png: bytes) -> tuple[int, int]:
    """Return width and height in pixels."""
    assert png.startswith(PNG)
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def columns_with_ink(png: bytes, *, top: int = 0) -> list[int]:
    """Return the columns of pixels that are not as white as paper, below a row."""
    width, height = size(png)
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        data += png[at + 8 : at + 8 + length] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    rows = unfiltered(zlib.decompress(data), width, height)
    return [x for x in range(width) if any(row[4 * x : 4 * x + 3] != b"\xff\xff\xff" for row in rows[top:])]


def unfiltered(raw: bytes, width: int, height: int) -> list[bytes]:
    """Return rows of RGBA pixels (PNG specification, 9.2)."""
    stride, rows, before = 4 * width, [], bytes(4 * width)
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for x in range(stride):
            left, above = (row[x - 4] if x >= 4 else 0), before[x]
            corner = before[x - 4] if x >= 4 else 0
            row[x] = (row[x] + (0, left, above, (left + above) // 2, paeth(left, above, corner))[kind]) % 256
        rows.append(bytes(row))
        before = rows[-1]
    return rows


def paeth(left: int, above: int, corner: int) -> int:
    """Return the one of three neighbours that is nearest to left + above - corner."""
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))
