"""Unpacks a body as it comes, never more of it than is wanted: a bomb is worth what its first bytes are."""

from __future__ import annotations

import zlib

from integrations.guarded.pages import Refused

ACCEPTED = "gzip, deflate"
_UNREAD = ("br", "zstd", "compress", "dcb", "dcz")  # not asked for, and not to be read without a package
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_MAGIC = b"\x1f\x8b"


class Unpacker:
    """For one Content-Encoding. Servers are wrong about it: what says gzip and is none is taken as it is, as is what
    names no encoding that there is ("utf-8"). Raises Refused for one that we cannot unpack."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding.strip().lower().removeprefix("x-")
        self._start = b""  # until it can be told what it is
        self._inflater: zlib._Decompress | None = None
        self._is_plain = self._encoding not in ("gzip", "deflate")
        self.is_broken = False
        if "," in encoding or self._encoding in _UNREAD:
            raise Refused(f"The page is packed as {encoding[:50]!r}, which was not asked for.", "encoding")

    def unpack(self, piece: bytes, most: int) -> bytes:
        """At most `most` bytes (from 1) of what this piece of the body holds; the caller has enough when it gets
        them. Nothing once the body `is_broken`."""
        if self._is_plain:
            return piece[:most]
        if self._inflater is None:
            piece = self._start + piece
            if len(piece) < 2:
                self._start = piece
                return b""
            self._start = b""
            if not self._begin(piece):
                return piece[:most]
        return self._inflate(piece, most)

    @property
    def is_whole(self) -> bool:
        """Whether the body may end here."""
        return self._is_plain or (not self._start and (self._inflater is None or self._inflater.eof))

    def _begin(self, piece: bytes) -> bool:
        if self._encoding == "gzip":
            self._is_plain = not piece.startswith(_MAGIC)
            self._inflater = zlib.decompressobj(_GZIP)
        else:  # RFC 9110 section 8.4.1.2: some send it without the zlib wrapper
            is_wrapped = piece[0] & 0x0F == 8 and int.from_bytes(piece[:2], "big") % 31 == 0
            self._inflater = zlib.decompressobj(_ZLIB if is_wrapped else _RAW)
        return not self._is_plain

    def _inflate(self, piece: bytes, most: int) -> bytes:
        found = bytearray()
        while piece and len(found) < most and not self.is_broken:
            assert self._inflater is not None
            if self._inflater.eof:  # gzip may have several members (RFC 1952 section 2.2); else it is rubbish
                if self._encoding != "gzip" or not piece.startswith(_MAGIC):
                    break
                self._inflater = zlib.decompressobj(_GZIP)
            try:
                found += self._inflater.decompress(piece, most - len(found))
            except zlib.error:
                self.is_broken = True
                break
            piece = self._inflater.unused_data
        return bytes(found)
