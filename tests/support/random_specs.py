"""Random objects of a kind: declared specs, live rows, and changes of both, all from one seed."""

import copy
from random import Random
from typing import Any

from reconciler.kinds.base.field import Field, FieldType, ListType
from reconciler.kinds.base.kind import Kind

WORDS = ("", "a", "b", "price", "a.b", "[x]", '"q"', "晚场", "é", "true", "3", " padded ", "two\nlines", "😀")
SECRETS = ("STREAM_KEY", "CALLBACK_KEY")


class Maker:
    """Makes values for the fields of a kind. `share` of the fields of each object are given."""

    def __init__(self, seed: int, *, share: float = 0.35, null: float = 0.05) -> None:
        self.random = Random(seed)
        self.share = share
        self.null = null

    def declared(self, kind: Kind) -> dict[str, Any]:
        """Return a spec as a manifest may hold it, references left out."""
        return self._object(kind.root, skip={kind.name_field}, secrets=True)

    def raw(self, kind: Kind) -> dict[str, Any]:
        """Return a live row: no nulls, no named secrets, unknown keys and computed ones in it."""
        null, self.null = self.null, 0.0
        row = self._object(kind.root, skip={kind.name_field}, secrets=False)
        self.null = null
        return self._strange(kind.root, row)

    def _object(self, node: Field, skip: set[str], *, secrets: bool) -> dict[str, Any]:
        result = {}
        for name, child in node.children.items():
            must = bool(node.list) or child.required
            if name in skip or not child.writable or name in ("group_name", "group_id"):
                continue
            if must or self.random.random() < self.share:
                result[name] = None if self.random.random() < self.null else self.value(child, secrets=secrets)
        return result

    def value(self, node: Field, *, secrets: bool = True) -> Any:
        """Return a value for one field."""
        if node.type is FieldType.OBJECT:
            return self._object(node, set(), secrets=secrets)
        if node.type is FieldType.LIST:
            return self._list(node, secrets=secrets)
        if node.sensitive:
            return {"secret": self.random.choice(SECRETS)} if secrets else self.random.choice(("***", "clear", ""))
        return self.random.choice(pool(node))

    def _list(self, node: Field, *, secrets: bool) -> list[Any]:
        assert node.item is not None
        items = [self.value(node.item, secrets=secrets) for _ in range(self.random.randint(0, 3))]
        keys = node.list.keys if node.list else ()
        if not keys or node.list is None or node.list.type is ListType.SET:
            return items
        for index, item in enumerate(items):
            for key in keys:
                if key not in node.list.optional:
                    _put(item, key, self._key(node.item, key, index))
        self.random.shuffle(items)
        return items

    def _key(self, item: Field, key: str, index: int) -> Any:
        node = item
        for part in key.split("."):
            node = node.children[part]
        if node.enum:
            return node.enum[index % len(node.enum)]
        return index + 1 if node.type is FieldType.INTEGER else f"{self.random.choice(WORDS)}{index}"

    def _strange(self, node: Field, value: Any) -> Any:
        """Add what the service adds, and what this tool does not know."""
        if isinstance(value, dict):
            known = node.children
            result = {name: self._strange(known[name], part) if name in known else part for name, part in value.items()}
            if self.random.random() < 0.4:
                result["brand_new_field"] = self.random.choice((1, "x", {"deep": [1]}))
            for name, child in node.children.items():
                if not child.writable and child.type is FieldType.TEXT and self.random.random() < 0.4:
                    result[name] = f"server {name}"
            return result
        if isinstance(value, list) and node.item is not None:
            return [self._strange(node.item, part) for part in value]
        return value

    def mutated(self, kind: Kind, spec: dict[str, Any]) -> dict[str, Any]:
        """Return a live row that is the spec with a few values changed, dropped or added."""
        row = _settled(kind.root, copy.deepcopy(spec), self)
        other = self.raw(kind)
        for name in list({**row, **other}):
            if self.random.random() < 0.25 and name in other:
                row[name] = other[name]
            elif self.random.random() < 0.1:
                row.pop(name, None)
        return self._strange(kind.root, row)

    def shuffled(self, node: Field, value: Any) -> Any:
        """Return the value with every list shuffled whose order means nothing."""
        if isinstance(value, dict) and not node.sensitive:
            return {name: self.shuffled(node.children[name], part) for name, part in value.items()}
        if isinstance(value, list) and node.item is not None:
            items = [self.shuffled(node.item, part) for part in value]
            if node.list is not None and node.list.type in (ListType.MAP, ListType.SET):
                self.random.shuffle(items)
            return items
        return value


def pool(node: Field) -> tuple[Any, ...]:
    """Return a few values of a field, its default and its neighbours among them."""
    if node.enum:
        return tuple(value for value in node.enum if value != "TEMP")  # TEMP rooms are never written
    own = (node.default,) if node.defaulted else ()
    if node.type is FieldType.BOOLEAN:
        return (True, False)
    if node.type is FieldType.INTEGER:
        return (*own, 0, 1, 7)
    if node.type is FieldType.NUMBER:
        return (*own, 0.5, 1.0, 2)
    if node.volatile_url:
        return ("https://a.test/x.png?sig=1", "https://a.test/x.png?sig=2", "https://a.test/y.png", "")
    if node.format.startswith("RFC 3339"):
        return ("2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", "2027-01-01T00:00:00Z", "soon")
    return (*own, *WORDS)


def _put(item: dict[str, Any], key: str, value: Any) -> None:
    *above, last = key.split(".")
    for name in above:
        if not isinstance(item.get(name), dict):
            item[name] = {}
        item = item[name]
    item[last] = value


def _settled(node: Field, value: Any, maker: Maker) -> Any:
    """Return a declared value as the service would hold it: no nulls, no named secrets."""
    if node.sensitive:
        return ["clear" for _ in value] if isinstance(value, list) else "clear"
    if isinstance(value, dict):
        return {name: _settled(node.children[name], part, maker) for name, part in value.items() if part is not None}
    if isinstance(value, list) and node.item is not None:
        return [_settled(node.item, part, maker) for part in value]
    return value
