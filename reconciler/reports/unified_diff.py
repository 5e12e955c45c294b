"""Unified diff of edited files, as `git apply` and `patch` read it."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

_AROUND = 3
"""Lines of context before and after a change."""
_NONE_AT_END = "\\ No newline at end of file\n"

Opcode = tuple[int, int, int, int]


def unified_diff(files: Mapping[str, tuple[bytes, bytes]], prefix: str = "") -> str:
    """Return the diff of files by name: old and new bytes. `prefix` is the path of the names' folder."""
    return "".join(
        _file(f"{prefix}/{name}" if prefix not in ("", ".") else name, old, new)
        for name, (old, new) in sorted(files.items())
        if old != new
    )


def _file(name: str, old: bytes, new: bytes) -> str:
    before, after = _lines(old), _lines(new)
    ours, theirs = _named(f"a/{name}"), _named(f"b/{name}")
    parts = [f"diff --git {ours} {theirs}\n", f"--- {_ended(ours)}\n", f"+++ {_ended(theirs)}\n"]
    for group in _hunks(_changes(before, after), len(before)):
        parts.append(_head(group))
        for first, last, start, end in group:
            if last - first == end - start and before[first:last] == after[start:end]:
                parts += (_line(" ", line) for line in before[first:last])
            else:
                parts += (_line("-", line) for line in before[first:last])
                parts += (_line("+", line) for line in after[start:end])
    return "".join(parts)


def _lines(data: bytes) -> list[str]:
    """Return the lines as git counts them: a line feed ends one, a carriage return is part of it."""
    text = data.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *(lines[-1:] if lines[-1] else [])]


def _line(sign: str, line: str) -> str:
    return sign + line if line.endswith("\n") else f"{sign}{line}\n{_NONE_AT_END}"


def _named(name: str) -> str:
    """Quote a name as git does where it holds a quote, a backslash or a control character."""
    if not any(char in '"\\' or ord(char) < 0x20 or ord(char) == 0x7F for char in name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if ord(char) >= 0x20 else f"\\{ord(char):03o}" for char in escaped) + '"'


def _ended(name: str) -> str:
    """Add the tab that ends a name with blanks."""
    return f"{name}\t" if " " in name else name


def _changes(before: Sequence[str], after: Sequence[str]) -> list[Opcode]:
    """Return the replaced ranges of lines: between the lines that each side has once, range by range.

    The anchors keep the time near the number of lines; a matcher over whole files would need its square.
    """
    found: list[Opcode] = []
    first = start = 0
    for index, other in (*_anchors(before, after), (len(before), len(after))):
        found += _between(before, after, (first, index, start, other))
        first, start = index + 1, other + 1
    return found


def _between(before: Sequence[str], after: Sequence[str], part: Opcode) -> Iterator[Opcode]:
    """Yield the replaced ranges inside a part; what is alike at both ends is set aside first."""
    first, last, start, end = part
    while first < last and start < end and before[first] == after[start]:
        first, start = first + 1, start + 1
    while first < last and start < end and before[last - 1] == after[end - 1]:
        last, end = last - 1, end - 1
    matcher = SequenceMatcher(a=before[first:last], b=after[start:end], autojunk=False)
    for tag, one, two, three, four in matcher.get_opcodes():
        if tag != "equal":
            yield one + first, two + first, three + start, four + start


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest run of pairs, rising on both sides, of lines that each side has once (patience diff)."""
    ours, theirs = Counter(before), Counter(after)
    places = {line: place for place, line in enumerate(after) if theirs[line] == 1}
    pairs = [(at, places[line]) for at, line in enumerate(before) if ours[line] == 1 and line in places]
    tops: list[int] = []  # of each pile the smallest place, and the pair that has it
    piles: list[int] = []
    behind: list[int] = []
    for number, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        behind.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [place]
        piles[pile : pile + 1] = [number]
    found = []
    number = piles[-1] if piles else -1
    while number >= 0:
        found.append(pairs[number])
        number = behind[number]
    return found[::-1]


def _hunks(changes: Sequence[Opcode], length: int) -> Iterator[list[Opcode]]:
    """Group changes with their context; changes that are near each other share a hunk."""
    group: list[Opcode] = []
    for change in changes:
        first, last, start, _end = change
        if group and first - group[-1][1] > 2 * _AROUND:
            yield _closed(group, length)
            group = []
        if group:
            group.append((group[-1][1], first, group[-1][3], start))
        else:
            before = min(_AROUND, first)
            group.append((first - before, first, start - before, start))
        group.append((first, last, start, change[3]))
    if group:
        yield _closed(group, length)


def _closed(group: list[Opcode], length: int) -> list[Opcode]:
    _first, last, _start, end = group[-1]
    after = min(_AROUND, length - last)
    return [*group, (last, last + after, end, end + after)]


def _head(group: Sequence[Opcode]) -> str:
    old = _range(group[0][0], group[-1][1])
    new = _range(group[0][2], group[-1][3])
    return f"@@ -{old} +{new} @@\n"


def _range(first: int, last: int) -> str:
    count = last - first
    if count == 1:
        return str(first + 1)
    return f"{first + 1 if count else first},{count}"
