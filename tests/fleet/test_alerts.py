"""Alerts that open and close by themselves: a fingerprint stays while lines move, and goes when the matter is over."""

import json
import re

from tests.support.command_line import project, reconciler, room
from tests.support.fleets import fleet

LIVE = "smart_live_rooms: [{room_name: One, room_type: NORMAL, room_description: %s}]"


def alerts(folder):
    run = reconciler("-C", folder, "audit", "--format", "sarif")
    assert run.code in (0, 2), run.err
    return {
        json.dumps(one["partialFingerprints"]): one["locations"][0]["physicalLocation"]["region"]["startLine"]
        for one in json.loads(run.out)["runs"][0]["results"]
    }


def test_a_finding_keeps_its_fingerprint_while_lines_move_and_other_things_are_edited(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")}, seed=LIVE % "edited")
    before = alerts(tmp_path)
    (tmp_path / "rooms/one.yaml").write_text("# a line\n# and one more\n" + room("One"))
    (tmp_path / "rooms/two.yaml").write_text(room("Two"))
    after = alerts(tmp_path)
    assert len(before) == 1
    assert before.keys() < after.keys()
    assert all(after[mark] == line + 2 for mark, line in before.items())
    (tmp_path / "live.yaml").write_text(LIVE % "edited once more")
    assert before.keys() < alerts(tmp_path).keys()
    (tmp_path / "live.yaml").write_text(LIVE % "hello")
    assert not before.keys() & alerts(tmp_path).keys()


def test_a_long_run_says_how_far_it_is_as_json_lines_where_that_is_asked_for(tmp_path):
    fleet(tmp_path, 60)
    run = reconciler("--log-format", "json", "-C", tmp_path, "audit", "-e", "shop", "--fleet", "fleet.csv")
    lines = [json.loads(line) for line in run.err.splitlines()]
    told = [line["message"] for line in lines if line["message"].startswith("Read ")]
    assert told[-1] == "Read 60 of 60 environments."
    assert 2 <= len(told) <= 10
    assert re.fullmatch(r"An environment cost \d+\.\d ms of processor time, .*", lines[-1]["message"])
