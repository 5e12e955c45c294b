"""Notes what a run sees of the unknowns by itself: spellings of refusals for the rate, and the orders of lists.

A note is a name and what was seen, never a value of an object.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence

from reconciler.api.error_responses import refusal
from reconciler.api.messages import ApiRequest, ApiResponse, CallObserver
from reconciler.api_probe.list_orders import OrderEvidence
from reconciler.api_probe.observations import Observations
from reconciler.kinds.base.kind import Kind
from reconciler.model.json_types import Json
from reconciler.timestamps import parse_http_date


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

    def after(self, call: ApiRequest, answer: ApiResponse) -> None:  # noqa: ARG002 - a shared shape
        """Note a refusal for the rate."""
        if answer.status == 429:
            self._note("error code of HTTP 429", refusal(answer).code or "none")
            self._note("Retry-After of HTTP 429", _form(answer.headers.get("retry-after", "").strip()))

    def listed(self, kind: Kind, rows: Sequence[Mapping[str, Json]]) -> None:
        """Note the order of the first page of a list; one object has none."""
        if len(rows) < 2:
            return
        evidence, found = OrderEvidence(), Observations()
        evidence.add(kind, rows)
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
