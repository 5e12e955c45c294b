"""The webhook writer passes the suite of every applying writer; and nobody can send again what it sent."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ApiError, PluginError, TransportError
from reconciler.interfaces import Writer, WriteRequest
from reconciler.kinds.registry import kind_named
from reconciler.model.change import Action, Change
from reconciler.testing.harness import TestService, declare
from reconciler.testing.writer_suite import WriterSuite

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE / "receiver")]

from carry_out import carry_out  # noqa: E402 - they stand beside this file, not in a package
from receiver import Receiver, server  # noqa: E402
from reconciler_webhook import WebhookWriter, sign  # noqa: E402

KEY = "a key of the tests alone"


@contextmanager
def receiving(act: Callable[[Any], Any], receiver: Receiver | None = None) -> Iterator[str]:
    made = server(receiver or Receiver(KEY.encode(), act))
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}/apply"
    finally:
        made.shutdown()
        made.server_close()
        thread.join(10)


class TestWebhookWriter(WriterSuite):
    """A stage with a receiver beside the service."""

    @contextmanager
    def stage(self, seed: Mapping[str, Any] | None = None) -> Iterator[TestService]:
        with super().stage(seed) as place, receiving(partial(carry_out, base=place.url)) as self.url:
            yield place

    def writer(self, place: TestService) -> Writer:
        return WebhookWriter(self.url, KEY)


def task() -> WriteRequest:
    declared = declare("SmartLiveRoom", "evening", {"stream_keys": [{"secret": "STREAM_KEY"}]})
    change = Change(action=Action.CREATE, address=declared.address, kind="SmartLiveRoom", name="evening")
    return WriteRequest(change=change, kind=kind_named("SmartLiveRoom"), desired=declared, references={})


class Recorder(Receiver):
    """A receiver that remembers what it was sent."""

    def __init__(self, now: list[float]) -> None:
        super().__init__(KEY.encode(), lambda change: {"id": "7"}, clock=lambda: now[0])
        self.requests: list[tuple[bytes, str]] = []

    def receive(self, body: bytes, signature: str) -> tuple[int, Any]:
        self.requests.append((body, signature))
        return super().receive(body, signature)


def test_w026_what_was_sent_once_is_refused_the_second_time_and_later() -> None:
    now = [1_000_000_000.0]
    recorder = Recorder(now)
    with receiving(lambda change: {}, recorder) as url:
        writer = WebhookWriter(url, KEY, clock=lambda: now[0])
        assert writer.write(task()).id == "7"
        assert writer.write(task()).id == "7"
    (body, signature), (other, _) = recorder.requests
    assert json.loads(body)["id"] != json.loads(other)["id"]
    assert "a stream key" not in body.decode()
    assert signature == sign(KEY.encode(), body)
    assert recorder.receive(body, signature)[0] == 409
    now[0] += 301
    assert recorder.receive(body, signature) == (401, {"status": "failed", "reason": "the signature is old"})
    assert Recorder([1e9]).receive(body.replace(b"evening", b"morning"), signature)[0] == 401


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((200, {"status": "failed", "reason": "not today"}), ApiError),
        ((200, {"status": "splendid"}), TransportError),
        ((200, []), TransportError),
        ((302, {"status": "applied"}), ApiError),
        ((403, {}), ApiError),
        ((500, {}), TransportError),
    ],
)
def test_an_answer_that_is_no_success_is_none(answer: tuple[int, Any], error: type[Exception]) -> None:
    class Answering(Receiver):
        def receive(self, body: bytes, signature: str) -> tuple[int, Any]:
            return answer

    with receiving(carry_out, Answering(b"", carry_out)) as url, pytest.raises(error):
        WebhookWriter(url, KEY).write(task())


def test_nobody_there_means_that_nothing_was_sent() -> None:
    with pytest.raises(TransportError) as error:
        WebhookWriter("http://127.0.0.1:9/", KEY).write(task())
    assert not error.value.sent


@pytest.mark.parametrize(("url", "key"), [("http://example.com/", KEY), ("", KEY), ("https://example.com/", "short")])
def test_an_open_address_or_a_short_key_is_refused(url: str, key: str) -> None:
    with pytest.raises(PluginError):
        WebhookWriter(url, key)
