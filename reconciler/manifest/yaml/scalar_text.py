"""Text of a new value in the style of the scalar that it replaces: plain, quoted either way, literal or folded."""

import json
import textwrap

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml import characters
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.manifest.yaml.scalars import typed
from reconciler.manifest.yaml.syntax_tree import BLOCK_STYLES
from reconciler.manifest.yaml.writer import WORDS, is_plain_word, quoted, scalar
from reconciler.model.json_types import Json

_TEMPLATE = late_pattern(r"\{[{%#]|[}%#]\}")
_NUMBER = late_pattern(r"-?\d+(?:\.\d+)?")
_HEADER = late_pattern(r"([|>])([0-9+-]*)([^\r\n]*)(\r\n|\r|\n)")
_BREAK = late_pattern(r"\r\n|\r|\n")
_INVISIBLE = late_pattern("[\x00-\x08\x0b-\x1f\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarStyle:
    """How a scalar is written: its style, whether it is inside `{}` or `[]`, its text as it is now, and its value.

    `typed` is off where the value decides its own type, as in a values file. `blank_follows`: blank lines may follow,
    which a block scalar that keeps its final line ends would take in.
    """

    style: str = ""
    flow: bool = False
    text: str = ""
    value: str = ""
    typed: bool = True
    blank_follows: bool = False


def scalar_text(value: Json, like: ScalarStyle) -> str:
    """Return the token of a value in a style; in double quotes where that style cannot hold it."""
    if value is None:
        return "null"
    if not isinstance(value, str):
        word = scalar(value)
        return word if like.style not in ("'", '"') or like.typed else f"{like.style}{word}{like.style}"
    if _TEMPLATE.search(value) or characters.forbidden_character(value):
        return quoted(value)
    if like.style in BLOCK_STYLES:
        made = _block(value, like)
        if made is not None:
            return made
    if like.style == "'" and "\n" not in value and not _INVISIBLE.search(value):
        return "'" + value.replace("'", "''") + "'"
    if like.style == "" and _is_plain(value, like):
        return value
    return quoted(value)


def _is_plain(value: str, like: ScalarStyle) -> bool:
    """Tell whether a text reads back as itself without quotes; a number only where a number is replaced."""
    if not value or "\n" in value or _INVISIBLE.search(value) or value != value.strip():
        return False
    if _NUMBER.fullmatch(value):
        return bool(_NUMBER.fullmatch(like.text))
    if value.casefold() in WORDS:
        return False
    if value[0].isdigit() and not like.text[:1].isdigit():
        return False
    return reads_back(value, value, flow=like.flow)


def reads_back(token: str, value: Json, *, flow: bool) -> bool:
    """Tell whether a token is one value of a mapping that YAML reads as this value, the type of plain text aside."""
    inner = token[1:-1] if token[:1] in ("'", '"') and token[-1:] == token[:1] else token
    if inner.isascii() and is_plain_word(inner):
        return inner == value
    text = f"{{k: {token}, z: 1}}" if flow else f"k: {token}\nz: 1\n"
    read = parse_yaml(text, "")
    if read.diagnostics or len(read.documents) != 1:
        return False
    found = read.documents[0].value
    if not isinstance(found, dict) or list(found) != ["k", "z"]:
        return False
    return bool(found["k"] == value or (token == value and typed(found["k"]) == value and found["k"] is not None))


def _block(value: str, like: ScalarStyle) -> str | None:
    """Return a literal or folded scalar with the header, indentation and line ends of the one before."""
    header = _HEADER.match(like.text)
    if header is None or _INVISIBLE.search(value) or (value.endswith("\n\n") and like.blank_follows):
        return None
    body = like.text[header.end() :]
    lines = _BREAK.split(body)
    filled = [line for line in lines if line.strip()]
    text = value.rstrip("\n")
    if not filled or not text or text[0] in " \t\n" or text != text.rstrip(" \t"):
        return None
    margin = _margin(filled, header[2], like.value)
    if header[1] == "|":
        written = text.split("\n")
    else:
        folded = _folded(text, [line[len(margin) :] for line in lines])
        if folded is None:
            return None
        written = folded
    ends = len(value) - len(text)
    chomping = "-" if ends == 0 else "" if ends == 1 else "+"
    digits = header[2].strip("+-")
    kept = header[2] if _chomps(header[2]) == chomping else digits + chomping
    if chomping == "" and _chomps(header[2]) == "+":
        kept = header[2]  # one final line end is kept by `+` as well
    written += [""] * (ends - 1)
    body = header[4].join(f"{margin}{line}" if line.strip() else line for line in written)
    return f"{header[1]}{kept}{header[3]}{header[4]}{body}"


def _chomps(indicators: str) -> str:
    return indicators.strip("0123456789")


def _margin(filled: list[str], indicators: str, value: str) -> str:
    """Return the indentation; with an indicator, blanks in front of every line are part of the value."""
    if any(each.isdigit() for each in indicators):
        own = min((_blanks(line) for line in value.split("\n") if line.strip()), default=0)
        return " " * (min(map(_blanks, filled)) - own)
    return " " * _blanks(filled[0])


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _folded(text: str, before: list[str]) -> list[str] | None:
    """Return the lines of a folded scalar: paragraphs that stay keep their lines, others are wrapped as wide.

    None where folding cannot represent the text: a line that begins with a blank is not folded.
    """
    paragraphs = text.split("\n")
    if any(each[:1] in (" ", "\t") for each in paragraphs):
        return None
    known: dict[str, list[str]] = {}
    group: list[str] = []
    for line in [*before, ""]:
        if line.strip():
            group.append(line)
        elif group:
            known.setdefault(" ".join(group), group)
            group = []
    longest = max((len(line) for line in before), default=0)
    wide = longest if any(len(lines) > 1 for lines in known.values()) else 0
    found: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        if number and paragraph and paragraphs[number - 1]:
            found.append("")
        if not paragraph:
            found += ["", ""] if not number or paragraphs[number - 1] else [""]
            continue
        found += known.get(paragraph) or _wrapped(paragraph, wide)
    return found


def _wrapped(paragraph: str, wide: int) -> list[str]:
    if not wide or "  " in paragraph or "\t" in paragraph:
        return [paragraph]
    lines = textwrap.wrap(paragraph, max(wide, 20), break_long_words=False, break_on_hyphens=False)
    return lines if " ".join(lines) == paragraph else [paragraph]


def inline(value: Json) -> str:
    """Return any value on one line, in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, str):
        like = ScalarStyle(flow=True)
        return value if _is_plain(value, like) and scalar(value) == value else quoted(value)
    return json.dumps(value)
