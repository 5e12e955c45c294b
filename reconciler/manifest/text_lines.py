"""Lines of a text, made where they are asked for: the positions of a few objects need few of many."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import overload


class TextLines(Sequence[str]):
    """Lines of a text, split at line feeds. Where one is asked for, it alone is made, until all are gone through.

    The line feeds before every so many characters, `step`, are counted once.
    """

    def __init__(self, text: str, step: int = 1024) -> None:
        self.text = text
        self._step = step
        self._all: list[str] = []

    @cached_property
    def _breaks(self) -> Sequence[int]:
        """Numbers of the line feeds before each part of so many characters, and of all."""
        counts = (self.text.count("\n", at, at + self._step) for at in range(0, len(self.text), self._step))
        return list(accumulate(counts, initial=0))

    def start(self, number: int) -> int:
        """Return the offset at which a line begins, whose number is counted from 0. Raises IndexError."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        if not number:
            return 0
        part = bisect_left(self._breaks, number) - 1
        found = part * self._step - 1
        for _ in range(number - self._breaks[part]):
            found = self.text.find("\n", found + 1)
        return found + 1

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Return one line, or some."""
        if self._all or isinstance(index, slice):
            return self._split[index]
        start = self.start(index + len(self) if index < 0 else index)
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None]

    def __iter__(self) -> Iterator[str]:
        return iter(self._split)

    def __len__(self) -> int:
        return self._breaks[-1] + 1

    @property
    def _split(self) -> list[str]:
        self._all = self._all or self.text.split("\n")
        return self._all
