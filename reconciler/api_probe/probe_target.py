"""The object that write probes write: its reads and writes, the service's clock, and its row in the list."""

from collections.abc import Mapping
from dataclasses import field

from reconciler.api.client import ListPage
from reconciler.api_probe.list_orders import OrderEvidence
from reconciler.api_probe.observations import Observations
from reconciler.api_probe.probe_objects import ProbeObjects
from reconciler.api_probe.read_probes import PAGE
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.base.probe_bodies import ProbeBodies
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json, as_list
from reconciler.timestamps import parse_rfc3339

STAMP = "update_time"
"""Version field that a list and a show have in common."""

WHOLE = "PUT of the object"
_ITEM_WRITES = 3
"""Kinds of writes of single items: POST, PUT, DELETE."""

_LOOKS = 4
"""How often a list or the service's clock is looked at again, a second apart."""


@dataclass(slots=True, kw_only=True)
class ProbeTarget:
    """One created object of a kind, and a second one (`twin`), of the same name where the service allows it.

    `lag` counts the reads of a list that did not show the object yet. `moved` says of each kind of write whether it
    moved the object's stamp; `listed_stamp`: after them its row had the stamp of its show.
    """

    kind: Kind
    bodies: ProbeBodies
    objects: ProbeObjects
    seen: Observations
    orders: OrderEvidence
    name: str = ""
    id: str = ""
    twin: str = ""
    lag: int = 0
    moved: dict[str, bool] = field(default_factory=dict)
    listed_stamp: bool = False
    _counts: list[tuple[int, int, int]] = field(default_factory=list)

    def create(self) -> None:
        """Create the object. Raises ReconcilerError where it is refused."""
        self.name = self.objects.new_name()
        self.id = self.objects.create(self.kind, self.name, self.bodies.plain)

    def show(self) -> dict[str, Json]:
        """Return the object as it is now."""
        return self.objects.reader.show(self.kind, self.id)

    def before_write(self, step: str) -> None:
        """Record a write of the object before it is sent."""
        self.objects.before_write(self.kind, self.name, step)
        self.orders.changed(self.kind)

    def put(self, body: Mapping[str, Json], step: str) -> dict[str, Json]:
        """Send a PUT of the whole object and return the response."""
        self.before_write(step)
        return self.objects.writer.update(self.kind, self.id, {self.kind.name_field: self.name, **body})

    def let_time_pass(self, stamp: Json) -> bool:
        """Wait until the service's clock is past a version field; false where it cannot be known."""
        moment = parse_rfc3339(stamp) if isinstance(stamp, str) else None
        for _ in range(_LOOKS):
            now = self.objects.reader.service_time
            if moment is not None and now is not None and now > moment:
                return True
            self.objects.reader.connection.sleep(1.0)
            self.show()
        return False

    def note_stamp(self, call: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
        """Note whether a write that a show confirms moved the stamp; then wait, so that the next move differs."""
        moved = self.moved[call] = after.get(STAMP) != before.get(STAMP)
        if moved:
            self.let_time_pass(after.get(STAMP))

    def vote_stamp(self) -> None:
        """Vote `renewed` only where every write moved the stamp, in the list too; `kept` where no item's write did."""
        self.seen.count("child_stamp", writes=len(self.moved), moved=sum(self.moved.values()))
        items = [moved for call, moved in self.moved.items() if call != WHOLE]
        if items and not any(items):
            self.seen.vote("child_stamp", "kept")
        elif len(items) == _ITEM_WRITES and all(items) and self.moved.get(WHOLE) and self.listed_stamp:
            self.seen.vote("child_stamp", "renewed")

    def note_row(self) -> Mapping[str, Json] | None:
        """Return the object's row in a list filtered by its name; that list's count is noted with what it may count."""
        rule = next((rule for rule in self.kind.endpoints.filters if rule.field == self.kind.name_field), None)
        filters = [] if rule is None else [(rule.parameter, self.name)]
        for _ in range(_LOOKS):
            page = self.objects.reader.page(self.kind, offset=0, limit=PAGE, filters=filters)
            row = next((row for row in page.rows if row[self.kind.id_field] == self.id), None)
            if row is not None:
                self._note_count(page)
                return row
            self.lag += 1
            self.objects.reader.connection.sleep(1.0)
        return None

    def _note_count(self, page: ListPage) -> None:
        items = self.kind.items_field
        own = {str(row[self.kind.id_field]) for row in page.rows} <= {self.id, self.twin}
        if not items or page.count is None or not own:
            return
        inside = len(as_list(self.show().get(items))) + (
            len(as_list(self.bodies.plain[items])) if len(page.rows) > 1 else 0
        )
        self._counts.append((page.count, len(page.rows), inside))

    def vote_count(self) -> None:
        """Vote where the counts of two lists with different numbers of items agree with one reading alone."""
        if len({inside for _, _, inside in self._counts}) < 2:
            return
        self.seen.count("count", lists=len(self._counts))
        if all(count == rows != inside for count, rows, inside in self._counts):
            self.seen.vote("count", "objects")
        elif all(count == inside != rows for count, rows, inside in self._counts):
            self.seen.vote("count", "children")
