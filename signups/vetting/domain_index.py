"""A long list of domains that costs a process next to nothing: sorted 64-bit digests, to be mapped from a file.

160,000 names take 1.3 MB that all processes share, load in no time, and are searched in a microsecond. The names
themselves are kept elsewhere, for people. Two names of one digest are not to be expected: one in 10^14 look-ups.
"""

from __future__ import annotations

import mmap
import sys
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

MOST = 7  # the largest number that can be kept with a name
_BYTES = 8


class DomainIndex:
    """Names with a number from 1 to 7 each. `data` is what `build` made."""

    def __init__(self, data: bytes | mmap.mmap | memoryview) -> None:
        if len(data) % _BYTES:
            raise ValueError(f"An index is a multiple of {_BYTES} bytes long, not {len(data)}")
        if sys.byteorder == "little":
            self._digests: memoryview | array[int] = memoryview(data).cast("Q")
        else:
            self._digests = array("Q", bytes(data))
            self._digests.byteswap()

    @classmethod
    def mapped(cls, path: Path) -> DomainIndex:
        """The index in a file, shared with every process that maps it."""
        with path.open("rb") as file:
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def __len__(self) -> int:
        return len(self._digests)

    def get(self, domain: str) -> int:
        """The number kept with `domain`, 0 where it is not in the list."""
        digest = _digest(domain)
        at = bisect_left(self._digests, digest)
        if at == len(self._digests):
            return 0
        found = self._digests[at]
        return found & MOST if found & ~MOST == digest else 0


def build(numbers: Mapping[str, int]) -> bytes:
    """The index of these names; a number above 7 counts as 7. Raises ValueError for one below 1."""
    if numbers and min(numbers.values()) < 1:
        raise ValueError("Every name needs a number from 1")
    digests = array("Q", sorted(_digest(name) | min(number, MOST) for name, number in numbers.items()))
    if sys.byteorder != "little":
        digests.byteswap()
    return digests.tobytes()


def _digest(domain: str) -> int:
    """The digest without its last three bits, where the number goes."""
    return int.from_bytes(blake2b(domain.encode(), digest_size=_BYTES).digest(), "little") & ~MOST
