"""Transforms of a response body by a fault: one function a name, so that tests declare faults as data."""

import gzip
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.model.json_types import Json, as_object
from reconciler.simulator.messages import Response, encode

Transform = Callable[[Response, Json], Response]

HTML = b"<html><head><title>Sign in</title></head><body><script>alert(1)</script></body></html>"


def transformed(response: Response, name: str, argument: Json) -> Response:
    """Return a response changed by one transform; `argument` is the value after the transform's name.

    A transform of JSON does not change other bodies, and one with a path or a charset that does not exist changes none.
    """
    try:
        return TRANSFORMS[name](response, argument)
    except (ValueError, LookupError):
        return response


def with_header(response: Response, name: str, value: str | None) -> Response:
    """Return a response with one header set, or without it where the value is None."""
    rest = tuple(pair for pair in response.headers if pair[0].lower() != name.lower())
    return replace(response, headers=rest if value is None else (*rest, (name, value)))


def _drop(response: Response, argument: Json) -> Response:
    body = response.json()
    for path in argument if isinstance(argument, list) else [argument]:
        _change(body, _steps(str(path)), None, is_drop=True)
    return replace(response, body=encode(body))


def _set(response: Response, argument: Json) -> Response:
    body = response.json()
    for path, value in as_object(argument).items():
        _change(body, _steps(path), value)
    return replace(response, body=encode(body))


def _steps(path: str) -> list[str]:
    return re.findall(r"[^.\[\]]+", path)


def _change(value: Json, steps: list[str], wish: Json, *, is_drop: bool = False) -> None:
    step, rest = steps[0], steps[1:]
    if isinstance(value, list):
        for index in range(len(value)) if step == "*" else [int(step)]:
            if rest and index < len(value):
                _change(value[index], rest, wish, is_drop=is_drop)
            elif index < len(value):
                value[index] = wish
    elif isinstance(value, dict):
        if rest:
            _change(value.setdefault(step, {}), rest, wish, is_drop=is_drop)
        elif is_drop:
            value.pop(step, None)
        else:
            value[step] = wish


def _repeat_rows(response: Response, _argument: Json) -> Response:
    rows = as_object(response.json()).items()
    return replace(response, body=encode({key: item * 2 if isinstance(item, list) else item for key, item in rows}))


def _truncate(response: Response, argument: Json) -> Response:
    return replace(response, body=response.body[: _whole(argument)])


def _whole(argument: Json) -> int:
    if not isinstance(argument, (int, float, str)):
        raise TypeError("the argument is no number")
    return int(argument)


def _empty(response: Response, _argument: Json) -> Response:
    return replace(response, body=b"")


def _html(response: Response, argument: Json) -> Response:
    body = argument.encode() if isinstance(argument, str) else HTML
    return with_header(replace(response, body=body), "Content-Type", "text/html")


def _duplicate_keys(response: Response, _argument: Json) -> Response:
    body = response.json()
    first = next(iter(body)) if isinstance(body, dict) and body else "count"
    twin = f"{json.dumps(first)}:0,".encode()
    return replace(response, body=response.body.replace(b"{", b"{" + twin, 1))


def _nan(response: Response, argument: Json) -> Response:
    word = argument if isinstance(argument, str) else "NaN"
    return replace(response, body=response.body.replace(b"{", b'{"not_a_number":' + word.encode() + b",", 1))


def _nested(response: Response, argument: Json) -> Response:
    depth = 100_000 if argument is None or argument is True else _whole(argument)
    return replace(response, body=b"[" * depth + b"]" * depth)


def _gzip(response: Response, _argument: Json) -> Response:
    return with_header(replace(response, body=gzip.compress(response.body, mtime=0)), "Content-Encoding", "gzip")


def _gzip_bomb(response: Response, argument: Json) -> Response:
    size = 16 if argument is None or argument is True else _whole(argument)
    packed = gzip.compress(b'{"padding":"' + b" " * (size << 20) + b'"}', mtime=0)
    return with_header(replace(response, body=packed), "Content-Encoding", "gzip")


def _encoding(response: Response, argument: Json) -> Response:
    return with_header(response, "Content-Encoding", str(argument))


def _content_type(response: Response, argument: Json) -> Response:
    return with_header(response, "Content-Type", str(argument))


def _charset(response: Response, argument: Json) -> Response:
    return replace(response, body=response.body.decode().encode(str(argument), "replace"))


def _bom(response: Response, _argument: Json) -> Response:
    return replace(response, body=b"\xef\xbb\xbf" + response.body)


def _padded(response: Response, argument: Json) -> Response:
    return replace(response, body=response.body + b" " * _whole(argument))


TRANSFORMS: Mapping[str, Transform] = {
    "drop": _drop,
    "set": _set,
    "repeat_rows": _repeat_rows,
    "truncate": _truncate,
    "empty": _empty,
    "html": _html,
    "duplicate_keys": _duplicate_keys,
    "nan": _nan,
    "nested": _nested,
    "gzip": _gzip,
    "gzip_bomb": _gzip_bomb,
    "encoding": _encoding,
    "content_type": _content_type,
    "charset": _charset,
    "bom": _bom,
    "pad": _padded,
}
"""By name: drop a key (`drop: count`), set values (`set: {"smart_live_rooms[0].project_id": x}`, `*` for every row),
give every row twice, cut to n bytes, nothing at all, a page of HTML, a key twice, NaN, n arrays inside each other,
gzip, a gzip bomb of n MiB, another Content-Encoding or Content-Type over the same bytes, other bytes (`charset: gbk`),
a byte order mark, n blanks after the end."""
