"""Profile pictures for the cast: small PNG patterns drawn from the handle, so that no picture is stored."""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import lru_cache

from aiohttp import web

CELLS = 5
CELL_PIXELS = 16
MARGIN_PIXELS = 8
_PAPER = (240, 240, 244)


@lru_cache(maxsize=512)
def png(handle: str) -> bytes:
    """A 96 × 96 pixel mirror-symmetrical pattern: the same handle, the same picture."""
    digest = hashlib.sha256(handle.encode()).digest()
    ink = tuple(60 + byte % 140 for byte in digest[:3])
    half = (CELLS + 1) // 2
    columns = [min(col, CELLS - 1 - col) for col in range(CELLS)]  # the right half mirrors the left
    cells = [[digest[3 + row * half + col] % 2 for col in columns] for row in range(CELLS)]
    side = CELLS * CELL_PIXELS + 2 * MARGIN_PIXELS
    pixels = bytearray()
    for y in range(side):
        pixels.append(0)  # PNG filter type "none" for this line
        for x in range(side):
            row, col = (y - MARGIN_PIXELS) // CELL_PIXELS, (x - MARGIN_PIXELS) // CELL_PIXELS
            is_ink = 0 <= row < CELLS and 0 <= col < CELLS and cells[row][col]
            pixels += bytes(ink if is_ink else _PAPER)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


async def serve(request: web.Request) -> web.Response:
    return web.Response(body=png(request.match_info["handle"]), content_type="image/png")


routes = [web.get("/avatars/{handle}.png", serve)]
