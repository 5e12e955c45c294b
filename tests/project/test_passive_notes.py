"""Each run notes in an existing ledger what it saw of the service's unknowns; `doctor` shows the notes."""

import sqlite3

import pytest

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection
from reconciler.api.messages import CallObserver
from reconciler.api_probe.passive_log import PassiveLog
from reconciler.simulator import Simulator, transport
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, reconciler
from tests.support.probing import OWN
from tests.support.reading import GROUP

GROUPS = [
    {
        "group_name": f"group {number}",
        "create_time": f"2026-01-0{1 + number}T00:00:00Z",
        "update_time": f"2026-02-0{1 + 3 * number % 8}T00:00:00Z",
        "interaction_rules": [{"rule_name": "canary"}],
    }
    for number in range(8)
]
REFUSING = {"match": {"operation": "list"}, "nth": [1], "status": 429, "headers": {"Retry-After": "1"}}


@pytest.fixture
def folder(tmp_path):
    with running(Simulator({"interaction_rule_groups": GROUPS, "faults": [REFUSING]}, clock=real_clock)) as url:
        place = f"{{endpoint: {url}, project_id: '{OWN}', auth: none}}"
        text = f"name: shop\nid: {PROJECT_ID}\nmanifests: [objects]\nenvironments:\n  live: {place}\n"
        (tmp_path / "reconciler.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "objects").mkdir()
        (tmp_path / "objects/one.yaml").write_text(
            "apiVersion: metastudio/v1\nkind: InteractionRuleGroup\nmetadata: {name: group 1}\n"
            "spec: {interaction_rules: [{rule_name: canary}]}\n",
            encoding="utf-8",
        )
        yield tmp_path


def test_a_plan_notes_refusals_and_orders_where_there_is_a_ledger_and_no_value(folder):
    assert reconciler("-C", folder, "plan").code == 0
    assert not list(folder.glob(".reconciler/*.db"))  # the cache of checked documents has a folder of its own
    first = reconciler("-C", folder, "doctor")
    assert "seen by earlier runs" not in first.out
    assert reconciler("-C", folder, "plan").code == 0
    shown = reconciler("-C", folder, "doctor").out
    assert "seen by earlier runs: order of the list of InteractionRuleGroup: create_desc" in shown
    with sqlite3.connect(folder / ".reconciler/ledger.db") as ledger:
        rows = ledger.execute("select name, seen from reconciler_observations").fetchall()
    assert rows == [("order of the list of InteractionRuleGroup", "create_desc")]


def test_the_spelling_of_a_refusal_is_noted_once(folder):
    reconciler("-C", folder, "apply", "--auto-approve", "--adopt")
    with sqlite3.connect(folder / ".reconciler/ledger.db") as ledger:
        rows = dict(ledger.execute("select name, seen from reconciler_observations").fetchall())
    assert rows["error code of HTTP 429"] == "APIGW.0308"
    assert rows["Retry-After of HTTP 429"] == "seconds"


class Listed(CallObserver):
    def __init__(self):
        self.pages = []

    def listed(self, kind, rows):
        self.pages.append((kind.name, [row["group_name"] for row in rows]))


def test_the_first_page_of_a_whole_list_is_noted_and_no_other():
    seen, simulator = Listed(), Simulator({"interaction_rule_groups": GROUPS})
    client = ReadClient(
        Connection(base_url="http://localhost", project_id=OWN, transport=transport(simulator), observer=seen)
    )
    client.page(GROUP, offset=0, limit=2, filters=[("group_name", "group 1")])
    client.page(GROUP, offset=2, limit=2)
    client.page(GROUP, offset=0, limit=2)
    assert seen.pages == [("InteractionRuleGroup", ["group 7", "group 6"])]


@pytest.mark.parametrize(
    ("rows", "noted"), [(8, {("order of the list of InteractionRuleGroup", "create_desc"): 1}), (1, {})]
)
def test_one_object_has_no_order(rows, noted):
    log = PassiveLog()
    log.listed(GROUP, [{"group_id": group["group_name"], **group} for group in reversed(GROUPS[:rows])])
    assert log.seen == noted
