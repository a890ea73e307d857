"""Random draws that are the same on every machine.

The bits come from PCG64, whose raw stream numpy promises never to change. What is made of them uses only
operations that IEEE 754 rounds in one way (arithmetic, square roots, comparisons). No logarithm of a
mathematics library, whose last bit differs between machines, decides what an agent does.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

_BLOCK = 1024
_CELLS = 256
_MOST_HALVINGS = 40
_ALL_BITS = (1 << 64) - 1
_UNIT = 2.0**-53
# Python's decimal rounds logarithms correctly, so this table is the same everywhere.
_LN_2 = float(Decimal(2).ln())
_MINUS_LN = [float(-(Decimal(_CELLS + i) / Decimal(2 * _CELLS)).ln()) for i in range(_CELLS + 1)]


class Draws:
    """A stream of random numbers of its own for each name, all from one seed.

    Parameters
    ----------
    seed
        The seed of the whole run, 0 or more.
    name
        Whose stream it is. Another name is another, independent stream: one agent more changes no other's.

    Examples
    --------
    >>> a, b = Draws(7, "HARBOR/noise"), Draws(7, "HARBOR/noise")
    >>> [a.below(100) for _ in range(5)] == [b.below(100) for _ in range(5)]
    True
    """

    __slots__ = ("_bits", "_block", "_blocks")

    def __init__(self, seed: int, name: str) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()),)))
        self._block: list[int] = []
        self._blocks = 0

    @property
    def taken(self) -> int:
        """How many numbers have been drawn."""
        return self._blocks * _BLOCK - len(self._block)

    def go_on(self, taken: int) -> None:
        """Stand where so many numbers have been drawn, whatever has been drawn so far.

        >>> a, b = Draws(7, "a"), Draws(7, "a")
        >>> _ = [a.bits() for _ in range(3_000)]
        >>> b.go_on(a.taken)
        >>> a.bits() == b.bits()
        True
        """
        blocks, used = divmod(taken, _BLOCK)
        # The generator's period is a power of two, so a negative distance leads back.
        self._bits.advance((blocks - self._blocks) * _BLOCK)
        self._blocks, self._block = blocks, []
        if used:
            self._next_block()
            del self._block[_BLOCK - used :]

    def _next_block(self) -> None:
        self._block = self._bits.random_raw(_BLOCK).tolist()
        self._blocks += 1

    def bits(self) -> int:
        """64 random bits."""
        if not self._block:
            self._next_block()
        return self._block.pop()

    def fraction(self) -> float:
        """Uniform in [0, 1)."""
        return (self.bits() >> 11) * _UNIT

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return (self.bits() >> 11) * _UNIT < probability

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1, for bounds below 2^32."""
        return (self.bits() >> 32) * bound >> 32

    def sign(self) -> int:
        """1 or -1."""
        return 1 if self.bits() >> 63 else -1

    def exponential(self) -> float:
        """Exponential with mean 1, from a table of 256 cells with straight lines between them."""
        bits = self.bits()
        halvings = 0
        while not bits >> 63 and halvings < _MOST_HALVINGS:
            bits = bits << 1 & _ALL_BITS
            halvings += 1
        cell = bits >> 55 & 0xFF
        part = (bits >> 15 & 0xFFFFFFFFFF) * 2.0**-40
        low, high = _MINUS_LN[cell], _MINUS_LN[cell + 1]
        return halvings * _LN_2 + low + part * (high - low)

    def normal(self) -> float:
        """Mean 0 and variance 1: the sum of twelve uniform numbers less six, so never beyond six."""
        total = 0
        for _ in range(3):
            bits = self.bits()
            total += (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return total / 65536.0 - 12 * 65535 / 131072.0

    def choose(self, cumulative: Sequence[float]) -> int:
        """Position in a list of cumulative probabilities whose last is 1."""
        return bisect_right(cumulative, (self.bits() >> 11) * _UNIT)
