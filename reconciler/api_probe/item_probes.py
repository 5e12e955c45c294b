"""Probes of the calls for single items of an object: what they reset, and whether they renew the object's stamp."""

from collections.abc import Mapping

from reconciler.api_probe.probe_target import STAMP, ProbeTarget
from reconciler.kinds.base.field import Field
from reconciler.kinds.base.kind import ItemCollection
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json, as_list


@dataclass(slots=True, kw_only=True)
class ItemProbes:
    """Adds an item, changes another, and deletes the added one."""

    target: ProbeTarget
    items: ItemCollection

    def run(self) -> None:
        """Send the three writes, each followed by a show that confirms it."""
        before = self.target.show()
        if not self.target.let_time_pass(before.get(STAMP)):
            return
        bodies = self.target.bodies
        after = self._add(before, bodies.added_item)
        self.target.note_row()
        after = self._change(after, bodies.changed_item)
        self._delete(after, bodies.added_item)

    def _add(self, before: Mapping[str, Json], item: Mapping[str, Json]) -> Mapping[str, Json]:
        target = self.target
        target.before_write("POST of an item")
        target.objects.writer.create_item(target.kind, target.id, item)
        after = target.show()
        if self._item(after, item):
            self.target.note_stamp("POST", before, after)
        return after

    def _change(self, before: Mapping[str, Json], body: Mapping[str, Json]) -> Mapping[str, Json]:
        target = self.target
        old = self._item(before, body)
        item_id = old.get(self.items.id_field)
        if not isinstance(item_id, str):
            return before
        target.before_write("PUT of an item")
        target.objects.writer.update_item(target.kind, target.id, item_id, body)
        after = target.show()
        new = self._item(after, body)
        written = [name for name in body if old.get(name) != new.get(name)]
        target.seen.count("child_put", written=len(written))
        if written:
            self.target.note_stamp("PUT", before, after)
            self._vote_unsaid(body, old, new)
        return after

    def _delete(self, before: Mapping[str, Json], item: Mapping[str, Json]) -> None:
        target = self.target
        item_id = self._item(before, item).get(self.items.id_field)
        if not isinstance(item_id, str):
            return
        target.before_write("DELETE of an item")
        target.objects.writer.delete_item(target.kind, target.id, item_id)
        after = target.show()
        if not self._item(after, item):
            self.target.note_stamp("DELETE", before, after)

    def _item(self, value: Mapping[str, Json], like: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return the item with the key of another one; empty where there is none."""
        table = self._table
        key = table.list.keys[0] if table.list else ""
        items = as_list(value.get(table.name))
        return next((one for one in items if isinstance(one, dict) and one.get(key) == like[key]), {})

    @property
    def _table(self) -> Field:
        return self.target.kind.top_fields[self.items.field]

    def _vote_unsaid(self, body: Mapping[str, Json], old: Mapping[str, Json], new: Mapping[str, Json]) -> None:
        """Vote by the fields that the call cannot carry, where the item had a value other than the default."""
        item = self._table.item
        fields = item.children if item is not None else {}
        unsaid = [
            name
            for name, child in fields.items()
            if child.defaulted and name not in self.items.update_fields and name not in body and name in old
        ]
        for name in unsaid:
            if old[name] != fields[name].default:
                self.target.seen.vote("child_put", "keeps" if new.get(name) == old[name] else "resets")
