"""Marks inside rendered text, which tell where each piece of it was written.

While a template renders, each line of its own text and each expression's output is preceded by the number of the
place it comes from, and an output that could be taken for YAML is put between an opening and a closing mark. All are
control characters, which no manifest may hold otherwise, no line breaks and no blanks, so that filters such as `trim`
and `indent` treat marked text as they treat plain text. Before YAML is parsed they are taken out.
"""

import re

NUMBER, END = "\x01", "\x02"
"""Around the number of a place."""

OPEN, CLOSE = "\x03", "\x04"
"""Around an output that must stay inside one scalar."""

NODE, NODE_END = "\x05", "\x06"
"""Around an output that must be one whole node (what `tojson` returns)."""

_DIGITS = str.maketrans("0123456789", "\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17")
_BACK = str.maketrans("\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17", "0123456789")

PLACE = re.compile("\x01([\x0e-\x17]{1,9})\x02")
MARK = re.compile("\x01([\x0e-\x17]{1,9})\x02|([\x03-\x06])|\x01([\x0e-\x17]{1,9})\x01")
_ANY = re.compile("[\x01-\x06\x0e-\x17]")


def place(number: int) -> str:
    """Return the mark of a place."""
    return f"{NUMBER}{number}{END}".translate(_DIGITS)


def as_call(mark: str) -> str:
    """Return the mark of a call: what follows may be text of a macro or of another file, with places of its own."""
    return mark[:-1] + NUMBER


def number(digits: str) -> int:
    """Return the number inside a mark."""
    return int(digits.translate(_BACK))


def unmarked(text: str) -> str:
    """Return the text without marks."""
    return MARK.sub("", text)


def holds_marks(text: str) -> bool:
    """Tell whether a text holds anything that could be a mark, or a part of one."""
    return _ANY.search(text) is not None
