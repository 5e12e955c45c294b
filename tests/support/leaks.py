"""Finds known texts in bytes whatever encodes them. It shares no code with the redactor: it is its witness.

Everything is decoded, whole, by the plainest rule there is; a reading that decodes too much only finds more.
"""

import base64
import html
import json
import re
import sqlite3
import urllib.parse as url
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

FRAGMENT = 10
"""So many characters of a long text in a row are a leak too: a text that was cut before it was redacted."""

_DEPTH = 3
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{5,}")
_CODE = rb"\\(?:u\{([0-9A-Fa-f]+)\}|[uU]([0-9A-Fa-f]{8}|[0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))"
_CODES = re.compile(rb"(?:\\(?:u\{[0-9A-Fa-f]+\}|[uU](?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{4})|x[0-9A-Fa-f]{2}))+")
_BYTE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([0-7]{3}))")
_SIGN = re.compile(rb"\\([^uUx0-7])")
_SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def leaks(data: bytes, texts: Iterable[str]) -> list[str]:
    """Return which of some texts can be read in some bytes."""
    readings = _readings(data)
    return [text for text in texts if any(_holds(reading, text) for reading in readings)]


def leaks_in_file(path: Path, texts: Iterable[str]) -> list[str]:
    """Return which of some texts can be read in a file: in its bytes, and in each value where it is SQLite's."""
    texts, data = list(texts), path.read_bytes()
    found = leaks(data, texts)
    if data.startswith(b"SQLite format 3\0"):  # a long value lies on several pages
        found += leaks(b"\0".join(_values(path)), texts)
    return found


def _values(path: Path) -> Iterator[bytes]:
    opened = sqlite3.connect(path)
    try:
        for (table,) in opened.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in opened.execute(f'select * from "{table}"'):
                yield from (value if isinstance(value, bytes) else str(value).encode() for value in row)
    finally:
        opened.close()


def _holds(reading: bytes, text: str) -> bool:
    parts = {text} if len(text) <= FRAGMENT else {text[at : at + FRAGMENT] for at in range(len(text) - FRAGMENT + 1)}
    spelled = {part.encode(coding, "ignore") for part in parts for coding in ("utf-8", "utf-16-le", "utf-16-be")}
    spelled |= {one.decode("latin-1").encode() for one in spelled}  # bytes that were taken for characters
    spelled |= {part.encode("latin-1") for part in parts if max(part) < "\u0100"}
    return any(one in reading for one in spelled) or any(one.hex().encode() in reading.lower() for one in spelled)


def _readings(data: bytes) -> set[bytes]:
    """Return the bytes as each order of decoders reads them, and what base64 in each of those holds."""
    seen = layer = {data}
    for _ in range(_DEPTH):
        layer = {decode(one) for one in layer for decode in _DECODERS} - seen
        seen = seen | layer
    plain = {data, _json(data), _unfolded(data)}
    once = {decode(one) for one in plain for decode in (_base32, _hexadecimal)}
    return seen | plain | once | {_base64(one) for one in seen} | {_base64(_base64(one)) for one in plain}


def _unfolded(data: bytes) -> bytes:
    """Join lines that were folded, with or without indentation."""
    return re.sub(rb"\r?\n[ \t]*|(?:\\r)?\\n[ \t]*", b"", data)


def _base32(data: bytes) -> bytes:
    """Decode every run of base32 from each of the eight places where a group can begin."""
    found = []
    for run in re.findall(rb"(?i:[A-Z2-7]{7,})", data):
        for begin in range(8):
            part = run[begin:]
            part = part[: len(part) - {1: 1, 3: 1, 6: 1}.get(len(part) % 8, 0)]
            found.append(base64.b32decode(part + b"=" * (-len(part) % 8), casefold=True))
    return b"\n".join(found)


def _hexadecimal(data: bytes) -> bytes:
    found = []
    for run in re.findall(rb"[0-9A-Fa-f]{8,}", data):
        found += [bytes.fromhex(run[begin : len(run) - (len(run) - begin) % 2].decode()) for begin in (0, 1)]
    return b"\n".join(found)


def _json(data: bytes) -> bytes:
    r"""Read `\uXXXX`, `\u{X}`, `\UXXXXXXXX` and `\xNN` as characters, the halves of a pair as one."""

    def unit(match: re.Match[bytes]) -> bytes:
        number = int(match[1] or match[2] or match[3], 16)
        return chr(number).encode("utf-16-be", "surrogatepass") if number <= 0x10FFFF else b""

    def run(match: re.Match[bytes]) -> bytes:
        units = b"".join(unit(code) for code in re.finditer(_CODE, match[0]))
        return units.decode("utf-16-be", "replace").encode()

    return _signs(_CODES.sub(run, data))


def _signs(data: bytes) -> bytes:
    return _SIGN.sub(lambda match: _SIGNS.get(match[1], match[1]), data)


def _bytes(data: bytes) -> bytes:
    r"""Read `\xNN` and `\NNN` as the bytes that Python's repr and C write."""
    return _signs(_BYTE.sub(lambda match: bytes([int(match[1], 16) if match[1] else int(match[2], 8) & 255]), data))


def _entities(data: bytes) -> bytes:
    return html.unescape(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogatepass")


def _percent(data: bytes) -> bytes:
    return url.unquote_to_bytes(data)


def _quoted_printable(data: bytes) -> bytes:
    joined = re.sub(rb"=[ \t]*\r?\n", b"", data)
    return re.sub(rb"=([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), joined)


def _base64(data: bytes) -> bytes:
    """Decode every run of base64 from each of the four places where a group can begin; line breaks do not end it."""
    found = []
    for run in _RUN.findall(re.sub(rb"(?<=[A-Za-z0-9+/_-]{40})(?:\r?\n|\\n)", b"", data)):
        plain = run.translate(bytes.maketrans(b"-_", b"+/"))
        for begin in range(4):
            part = plain[begin:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            found.append(base64.b64decode(part + b"=" * (-len(part) % 4)))
    return b"\n".join(found)


_DECODERS: tuple[Callable[[bytes], bytes], ...] = (_json, _bytes, _entities, _percent, _quoted_printable)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "html": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "html named": html.escape,
    "html hex": lambda text: "".join(f"&#X{ord(char):X};" for char in text),
    "percent": lambda text: url.quote(text, safe=""),
    "percent lower": lambda text: re.sub("%..", lambda match: match[0].lower(), url.quote(text, safe="")),
    "percent all": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    **{
        f"base64 at {offset}": lambda text, before="xy"[:offset]: base64.b64encode((before + text).encode()).decode()
        for offset in range(3)
    },
    "base64 inside": lambda text: base64.urlsafe_b64encode(f"user:{text}:more".encode()).decode(),
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "quoted-printable broken": lambda text: f"{text[:3]}=\r\n{text[3:]}",
    "bytes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "hex": lambda text: text.encode().hex(),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(f"user:{text}".encode())).decode(),
    "base64 of hex": lambda text: base64.b64encode(text.encode().hex().encode()).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(f"u:{text}".encode("utf-16-le")).decode(),
    "base64 of UTF-16 with a mark": lambda text: base64.b64encode(text.encode("utf-16")).decode(),
    "hex of UTF-16": lambda text: text.encode("utf-16-be").hex().upper(),
    "UTF-16": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "UTF-16 in json": lambda text: json.dumps(text.encode("utf-16-be").decode("latin-1")),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32 inside": lambda text: base64.b32encode(f"user:{text}:more".encode()).decode().lower(),
    "split by a line break": lambda text: f"{text[:3]}\n{text[3:]}",
    "split by a carriage return and a line break": lambda text: f"{text[:2]}\r\n{text[2:]}",
    "folded with indentation": lambda text: f"{text[:-2]}\r\n \t{text[-2:]}",
    "split by an escaped line break": lambda text: f"{text[:3]}\\n{text[3:]}",
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "percent in json": lambda text: json.dumps({"q": url.quote(text, safe="")}),
    "html in base64": lambda text: base64.b64encode(html.escape(text).encode()).decode(),
}
"""How a peer may spell what it echoes."""
