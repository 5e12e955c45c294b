"""The figures for Prometheus: whole, escaped, without secrets; and a fleet file with values and places in it."""

import json
import re
from dataclasses import replace

import pytest

from reconciler.fleet.audit_summary import costs
from reconciler.fleet.environment_result import EnvironmentResult
from reconciler.fleet.prometheus import escaped, textfile
from tests.support.command_line import FLEET, project, reconciler, room

LINE = re.compile(r'[a-z_]+(\{([a-z_]+="(\\["\\n]|[^"\\\n])*",?)*\})? -?[0-9.]+')


def test_every_environment_has_its_figures_and_the_file_is_whole(tmp_path):
    out = tmp_path / "audit.prom"
    assert reconciler("-C", FLEET, "audit", "--metrics", out).code == 2
    text = out.read_text()
    assert all(LINE.fullmatch(line) for line in text.splitlines() if not line.startswith("#"))
    assert 'reconciler_changes{environment="south",action="change"} 1\n' in text
    assert 'reconciler_fields{environment="south",attribution="unattributed"} 1\n' in text
    assert 'reconciler_environment_complete{environment="north"} 1\n' in text
    assert 'reconciler_requests{environment="north"} 3\n' in text
    assert len(re.findall(r'^reconciler_processor_seconds{environment="\w+"} 0\.\d+$', text, flags=re.MULTILINE)) > 2
    assert 'reconciler_findings{environment="west",severity="warning"} 1\n' in text
    assert len(re.findall(r"^reconciler_audit_timestamp_seconds \d{10}$", text, flags=re.MULTILINE)) == 1
    families = re.findall(r"^# TYPE (\S+) gauge$", text, flags=re.MULTILINE)
    assert len(families) == len(set(families))
    assert list(tmp_path.iterdir()) == [out]


def test_an_environment_that_could_not_be_read_says_so_and_has_no_counts():
    text = textfile([EnvironmentResult(environment="away", seconds=1.5)], now=1_790_000_000.4, seconds=2)
    assert 'reconciler_environment_readable{environment="away"} 0\n' in text
    assert 'reconciler_duration_seconds{environment="away"} 1.5\n' in text
    assert "reconciler_changes{" not in text
    assert "reconciler_processor_seconds{" not in text  # it was not visited here
    assert "reconciler_audit_timestamp_seconds 1790000000\n" in text


def test_labels_are_escaped():
    assert escaped('a"b\\c\nd') == 'a\\"b\\\\c\\nd'
    assert LINE.fullmatch(textfile([EnvironmentResult(environment='a"b\\c\nd')], now=0, seconds=0).splitlines()[2])


@pytest.fixture
def shops(tmp_path):
    template = '  shop: {endpoint: "simulator:live/{city}.yaml"}\n'
    files = {"rooms/one.yaml": room("One", "room_description: {{ values.text | tojson }}")}
    for city, text in (("north", "N"), ("south", "S")):
        files[f"live/{city}.yaml"] = (
            f"smart_live_rooms: [{{room_name: One, room_type: NORMAL, room_description: {text}}}]"
        )
    return project(tmp_path, files, more=template)


def test_a_rows_words_fill_the_template_and_its_values_reach_the_manifests(shops):
    (shops / "fleet.csv").write_text("name,values.city,values.text\na,north,N\nb,south,S\n")
    assert reconciler("-C", shops, "audit", "-e", "shop", "--fleet", "fleet.csv").code == 0


def test_a_value_of_a_row_stays_one_value_whatever_is_in_it(shops):
    hostile = '\'"x: {{ 1 }}\n- [y]"'
    rows = [{"name": "a", "values.city": "north", "values.text": hostile}]
    (shops / "fleet.yaml").write_text(json.dumps(rows))
    run = reconciler("-C", shops, "audit", "-e", "shop", "--fleet", "fleet.yaml", "--format", "json")
    assert run.code == 2, run.err
    (change,) = json.loads(run.out)["plans"][0]["resource_changes"]
    assert change["change"]["after"]["room_description"] == hostile


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("name,values.city\na,../../etc/passwd\n", "takes letters, digits, dots, dashes only"),
        ("name,values.text\na,N\n", "the template asks for {city}, which this row has not"),
        ("name,values.a b\na,N\n", "unknown column 'values.a b'"),
        ("name\n../a\n", "a name takes letters"),
    ],
)
def test_a_row_that_could_lead_elsewhere_is_refused(shops, rows, said):
    (shops / "fleet.csv").write_text(rows)
    run = reconciler("-C", shops, "audit", "-e", "shop", "--fleet", "fleet.csv")
    assert run.code == 1
    assert said in run.err


def test_an_audit_of_all_passes_templates_over(shops):
    (shops / "live.yaml").write_text("smart_live_rooms: [{room_name: One, room_description: x}]")
    run = reconciler("-C", shops, "audit", "--set", "text=x")
    assert "shop" not in run.out
    assert run.code == 0, run.out + run.err


def test_the_examples_fleet_file_finds_the_same_as_its_environments():
    run = reconciler("-C", FLEET, "audit", "-e", "shop", "--fleet", "shops.csv")
    assert run.code == 2, run.err
    assert "west" in run.out
    assert "its last live job failed" in run.out


def test_the_cost_of_an_environment_is_told_and_of_several_workers_what_each_has_done():
    one = EnvironmentResult(environment="a", processor=0.002, worker="host:1")
    two = EnvironmentResult(environment="b", processor=0.004, worker="host:2")
    known = EnvironmentResult(environment="c")  # of an earlier run
    assert list(costs([known])) == []
    (alone,) = costs([one, replace(one, environment="d"), known])
    assert alone == "An environment cost 2.0 ms of processor time, beside what records and reports it."
    assert list(costs([one, two, replace(two, environment="d")])) == [
        "An environment cost 3.3 ms of processor time, beside what records and reports it.",
        "Worker host:1 visited 1 environment, 2.0 ms each.",
        "Worker host:2 visited 2 environments, 4.0 ms each.",
    ]
