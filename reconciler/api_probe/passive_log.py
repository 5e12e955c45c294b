"""Notes what a run sees of the unknowns by itself: spellings of refusals for the rate, and the orders of lists.

A note is a name and what was seen, never a value of an object.
"""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qs

from reconciler.api.error_responses import refusal
from reconciler.api.messages import ApiRequest, ApiResponse, CallObserver
from reconciler.api_probe.list_orders import OrderEvidence
from reconciler.api_probe.observations import Observations
from reconciler.errors import ReconcilerError
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.timestamps import parse_http_date

_LARGEST = 1 << 20
"""Bytes of a page that is parsed a second time for its order."""


class PassiveLog(CallObserver):
    """Counts notes as (name, what was seen). Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Counter[tuple[str, str]] = Counter()

    @property
    def seen(self) -> Mapping[tuple[str, str], int]:
        """Notes so far, with how often each was made."""
        with self._lock:
            return dict(self._seen)

    def after(self, call: ApiRequest, answer: ApiResponse) -> None:
        """Note a refusal for the rate, or the order of the first page of a list."""
        if answer.status == 429:
            self._note("error code of HTTP 429", refusal(answer).code or "none")
            self._note("Retry-After of HTTP 429", _form(answer.headers.get("retry-after", "").strip()))
        elif answer.status == 200 and call.method == "GET" and len(answer.body) <= _LARGEST:
            self._note_order(call, answer)

    def _note_order(self, call: ApiRequest, answer: ApiResponse) -> None:
        kind = _listed_kind(call)
        if kind is None:
            return
        try:
            rows = json.loads(answer.body)[kind.endpoints.items]
            evidence, found = OrderEvidence(), Observations()
            evidence.add(kind, [row for row in rows if isinstance(row, dict) and kind.id_field in row])
        except (ValueError, KeyError, TypeError, RecursionError, ReconcilerError):
            return  # the reader reports an invalid page
        evidence.decide(found)
        order = next(one for one in found.conclusions() if one.behaviour == "order")
        if order.observed:
            self._note(f"order of the list of {kind.name}", order.answer)

    def _note(self, name: str, seen: str) -> None:
        with self._lock:
            self._seen[name, seen] += 1


def _form(text: str) -> str:
    if not text:
        return "absent"
    return "seconds" if text.isdecimal() else "date" if parse_http_date(text) else "neither seconds nor a date"


def _listed_kind(call: ApiRequest) -> Kind | None:
    """Return the kind of which a call reads the first page without a filter."""
    if set(query := parse_qs(call.query)) != {"limit", "offset"} or query["offset"] != ["0"]:
        return None
    last = call.path.rpartition("/")[2]
    return next((kind for kind in all_kinds().values() if kind.endpoints.collection.endswith(f"/{last}")), None)
