"""Write probes: one object of a kind is created, written in every way that an apply uses, and removed.

A vote needs a read that shows the write it is about: a lagging replica decides nothing. A write that is refused or gets
no answer ends its step; the steps after it go on.
"""

from collections.abc import Callable, Mapping
from dataclasses import field

from reconciler.api_probe.item_probes import ItemProbes
from reconciler.api_probe.observations import Observations
from reconciler.api_probe.probe_objects import ProbeObjects
from reconciler.api_probe.probe_target import STAMP, WHOLE, ProbeTarget
from reconciler.api_probe.read_probes import PAGE, compare_row, vote_missing, vote_name_filter
from reconciler.api_probe.request_log import RequestLog
from reconciler.api_probe.written_values import vote_defaults, vote_texts, vote_values
from reconciler.errors import ApiError, AuthError, ReconcilerError
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.base.probe_bodies import ProbeBodies
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json, as_list, as_object


@dataclass(slots=True, kw_only=True)
class ObjectProbes:
    """Write probes of one kind; `problems` are the errors of steps that ended early."""

    target: ProbeTarget
    seen: Observations
    log: RequestLog
    problems: list[ReconcilerError] = field(default_factory=list)

    def run(self) -> None:
        """Create, probe, delete. Raises ReconcilerError where the object cannot be created or credentials fail."""
        self.target.create()
        steps = (self._created, self._second, self._items, self._whole, self._bodies, self._by_name, self._deleted)
        for step in steps:
            self._attempt(step)
        self.target.vote_count()
        self.target.vote_stamp()

    @property
    def _kind(self) -> Kind:
        return self.target.kind

    @property
    def _sent(self) -> ProbeBodies:
        return self.target.bodies

    @property
    def _objects(self) -> ProbeObjects:
        return self.target.objects

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except AuthError:
            raise
        except ReconcilerError as error:
            if error.code in {"E_PROBE_LIMIT", "E_LOCKED"}:
                raise
            self.problems.append(error)

    def _created(self) -> None:
        full = self.target.show()
        vote_values(self._kind, self._sent.plain, full, self.seen)
        vote_defaults(self._kind, self._sent.plain, full, self.seen)
        row = self.target.note_row()
        if row is not None:
            compare_row(self._kind, row, full, self.seen)
            vote_name_filter(self._objects.reader, self._kind, self.target.name, self.target.id, self.seen)

    def _second(self) -> None:
        """Create a second object of the name; if that is refused, one of another name shows that the name was why."""
        self.target.let_time_pass(self.target.show().get(STAMP))
        self.target.orders.changed(self._kind)
        try:
            self.target.twin = self._objects.create(self._kind, self.target.name, self._sent.plain)
        except ApiError as error:
            if error.status not in (400, 409) or isinstance(error, AuthError):
                raise
            self.target.twin = self._objects.create(self._kind, self._objects.new_name(), self._sent.plain)
            self.seen.vote("names", "unique", refused=1)
        else:
            self.seen.vote("names", "repeatable", created=2)

    def _items(self) -> None:
        if self._kind.item_collection and self._sent.changed_item:
            ItemProbes(target=self.target, items=self._kind.item_collection).run()

    def _whole(self) -> None:
        """Replace the object by what it holds already, with marked texts, at a later time than the others."""
        before = self.target.show()
        self.target.let_time_pass(before.get(STAMP))
        if self.target.twin:
            self.target.let_time_pass(self._objects.reader.show(self._kind, self.target.twin).get(STAMP))
        answer = self.target.put(self._kept_indexes(self._sent.marked or self._sent.plain, before), "PUT")
        row, after = self.target.note_row(), self.target.show()
        self.target.moved[WHOLE] = after.get(STAMP) != before.get(STAMP)
        self.target.listed_stamp = row is not None and row.get(STAMP) == after.get(STAMP)
        vote_texts(self._sent.marked, answer, self.seen)
        vote_values(self._kind, self._sent.marked, answer, self.seen)
        self._item_ids(before, answer)
        for _ in range(2):
            self.target.orders.add(self._kind, self._objects.reader.page(self._kind, offset=0, limit=PAGE).rows)

    def _kept_indexes(self, body: Mapping[str, Json], before: Mapping[str, Json]) -> dict[str, Json]:
        """Return a body with what the service numbers in each item and takes back, as an apply sends it."""
        items = self._kind.items_field
        table = self._kind.top_fields.get(items)
        if not items or table is None or table.item is None or table.list is None:
            return dict(body)
        key = table.list.keys[0]
        sent_back = [name for name, child in table.item.children.items() if child.in_update and not child.writable]
        old = {item.get(key): item for item in map(as_object, as_list(before.get(items)))}
        whole = []
        for item in map(as_object, as_list(body[items])):
            known = old.get(item[key], {})
            whole.append({**item, **{name: known[name] for name in sent_back if known.get(name) is not None}})
        return {**body, items: whole}

    def _item_ids(self, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
        """Vote by whether a PUT of the object gave its items new ids."""
        items = self._kind.item_collection
        table = self._kind.top_fields[items.field] if items else None
        if items is None or table is None or table.list is None:
            return
        key = table.list.keys[0]
        old, new = (
            {item.get(key): item.get(items.id_field) for item in map(as_object, as_list(value.get(items.field)))}
            for value in (before, after)
        )
        pairs = [(old[name], new[name]) for name in old.keys() & new.keys() if old[name] and new[name]]
        same = sum(one == other for one, other in pairs)
        self.seen.count("child_ids", items=len(pairs), same=same)
        if pairs and same in (0, len(pairs)):
            self.seen.vote("child_ids", "kept" if same else "reissued")

    def _bodies(self) -> None:
        """Send the bodies that a service may change or refuse; `plain` before them shows that it is accepted."""
        plain = dict(self._sent.plain)
        self.target.put(plain, "PUT")
        if self._sent.overridden:
            self._attempt(self._overridden)
        if self._sent.derived:
            self._attempt(self._derived)
        self._attempt(lambda: self._unknown_key(plain))
        if self._sent.mistyped:
            self._refusable("validate", self._sent.mistyped, refused="types", accepted=lambda _: "name")
        if self._sent.changed:
            self._refusable("doubtful_changes", self._sent.changed, refused="refused", accepted=self._changed)

    def _overridden(self) -> None:
        answer = self.target.put(self._sent.overridden, "PUT with a field that may be overridden")
        vote_values(self._kind, self._sent.overridden, answer, self.seen)

    def _derived(self) -> None:
        answer = self.target.put(self._sent.derived, "PUT with a field that may be derived")
        name = self._sent.derivation
        sent, read = self._sent.derived[name], answer.get(name)
        self.seen.vote(name, "kept" if read in (sent, None, "") else "derived")

    def _unknown_key(self, plain: Mapping[str, Json]) -> None:
        key = "reconciler_doctor"
        try:
            answer = self.target.put({**plain, key: "doctor"}, "PUT with an unknown key")
        except ApiError as error:
            if error.status != 400 or isinstance(error, AuthError):
                raise
            self.seen.vote("unknown_keys", "refuse")
            return
        self.seen.vote("unknown_keys", "keep" if key in answer else "drop")
        row = self.target.note_row() if key in answer else None
        if row is not None and row.get(STAMP) == answer.get(STAMP):
            self.seen.vote("unknown_in_list", "shown" if key in row else "hidden")

    def _refusable(
        self, behaviour: str, body: Mapping[str, Json], *, refused: str, accepted: Callable[[dict[str, Json]], str]
    ) -> None:
        """Vote by whether a PUT is refused that differs from an accepted one in one value."""

        def step() -> None:
            try:
                answer = self.target.put(body, f"PUT that shows {behaviour}")
            except ApiError as error:
                if error.status != 400 or isinstance(error, AuthError):
                    raise
                self.seen.vote(behaviour, refused)
                return
            choice = accepted(answer)
            if choice:
                self.seen.vote(behaviour, choice)

        self._attempt(step)

    def _changed(self, answer: Mapping[str, Json]) -> str:
        """Return what became of the changed field: applied, ignored, or neither."""
        for name, value in self._sent.changed.items():
            if value != self._sent.plain.get(name):
                kept = answer.get(name) == self._sent.plain.get(name)
                return "applied" if answer.get(name) == value else "ignored" if kept else ""
        return ""

    def _by_name(self) -> None:
        """Send a PUT by name alone: what is gone then was erased by what the body leaves out."""
        self.target.put(self._sent.plain, "PUT")
        before = self.target.show()
        answer, after = self.target.put({}, "PUT by name alone"), self.target.show()
        sent = [name for name, child in self._kind.top_fields.items() if name in self._sent.plain and not child.enum]
        for value in (answer, after):
            gone = [name for name in sent if before.get(name) and not value.get(name)]
            kept = [name for name in sent if before.get(name) and value.get(name) == before.get(name)]
            self.seen.count("put", fields=len(sent), gone=len(gone), kept=len(kept))
            if sent and len(gone) == len(sent):
                self.seen.vote("put", "replace")
            elif kept and len(kept) == len(sent):
                self.seen.vote("put", "merge")

    def _deleted(self) -> None:
        self.target.orders.changed(self._kind)
        self._objects.delete(self._kind, self.target.name, self.target.id)
        vote_missing(
            self.seen,
            self.log,
            "delete_missing",
            lambda: self._objects.delete(self._kind, self.target.name, self.target.id),
        )
        vote_missing(self.seen, self.log, "show_missing", self.target.show)
