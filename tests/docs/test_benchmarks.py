"""The benchmarks' own rules: the history of ratios, its chart, and the comparison with another revision."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.bench import chart, compare, history
from tests.bench.results import Ratio, ratios, table
from tests.support.command_line import ROOT

MACHINE = {"processor": "one", "cores": 2, "system": "Linux x86_64", "python": "3.12.0"}


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_cell_prints_its_text_and_keeps_its_number():
    rows = [{"what": "plan", "ours": "1.0", "result": Ratio(2.5, "{:.1f} × the floor")}, {"what": "read", "ours": "2"}]
    assert table(rows).splitlines()[2:] == ["| plan | 1.0 | 2.5 × the floor |", "| read | 2 |  |"]
    assert ratios("large", rows) == {"large: plan": 2.5}


def test_a_row_of_several_ratios_names_their_columns():
    row = {"side": "ours", "requests": Ratio(1.0), "seconds": Ratio(1.25)}
    assert ratios("read", [row]) == {"read: ours, requests": 1.0, "read: ours, seconds": 1.25}


def test_a_release_has_one_line_and_a_part_measured_again_replaces_that_part(tmp_path):
    file = tmp_path / "history.jsonl"
    history.record("0.1.0", {"plan: a": 3.0, "read: b": 1.0}, on=MACHINE, commit="c1", file=file)
    history.record("0.2.0", {"plan: a": 2.0}, on=MACHINE, commit="c2", file=file)
    history.record("0.2.0", {"read: b": 0.5}, on=MACHINE, commit="c3", file=file)
    assert [(line["version"], line["commit"], line["ratios"]) for line in lines(file)] == [
        ("0.1.0", "c1", {"plan: a": 3.0, "read: b": 1.0}),
        ("0.2.0", "c3", {"plan: a": 2.0, "read: b": 0.5}),
    ]


def test_ratios_of_two_machines_are_never_in_one_line(tmp_path):
    file = tmp_path / "history.jsonl"
    history.record("0.1.0", {"plan: a": 3.0}, on=MACHINE, commit="c1", file=file)
    history.record("0.1.0", {"read: b": 1.0}, on={**MACHINE, "cores": 4}, commit="c1", file=file)
    (line,) = lines(file)
    assert line["ratios"] == {"read: b": 1.0}
    assert line["machine"]["cores"] == 4


def test_the_machine_is_named_by_what_a_figure_depends_on():
    assert set(history.machine()) == set(MACHINE)
    assert all(history.machine().values())


def test_the_history_of_this_repository_is_whole_and_its_chart_up_to_date():
    found = history.read()
    versions = [line["version"] for line in found]
    assert len(versions) == len(set(versions))
    assert all(set(line) == {"version", "commit", "date", "machine", "ratios"} for line in found)
    assert chart.CHART.read_text(encoding="utf-8") == chart.drawing(found), "python -m tests.bench.chart"


def test_a_curve_has_a_point_for_each_release_that_measured_it():
    found = [
        {"version": "1", "ratios": {"plan: a": 4.0}},
        {"version": "2", "ratios": {}},
        {"version": "3", "ratios": {"plan: a": 2.0, "new <b> & c": 1.0}},
    ]
    picture = ET.fromstring(chart.drawing(found))
    (old, new) = picture.iter("{http://www.w3.org/2000/svg}polyline")
    points = [tuple(map(float, point.split(","))) for point in old.attrib["points"].split()]
    assert [x for x, _ in points] == [chart.EDGE + chart.NAME, chart.EDGE + chart.NAME + chart.WIDE]
    assert points[0][1] < points[1][1], "less is lower"
    assert len(new.attrib["points"].split()) == 1
    assert "new <b> & c" in "".join(picture.itertext())


@pytest.fixture
def repository(tmp_path):
    """A repository whose package has two revisions."""
    root = tmp_path / "repository"
    (root / "reconciler").mkdir(parents=True)
    (root / "tests").mkdir()
    git = ("git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run([*git, "init", "-q"], check=True)
    for number in (1, 2):
        (root / "reconciler/__init__.py").write_text(f"SPEED = {number}\n")
        (root / "tests/own.py").write_text(f"TEST = {number}\n")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-qm", f"Revision {number}"], check=True)
    return root


def test_a_revision_is_written_beside_with_the_tests_of_this_tree(repository, tmp_path):
    (repository / "tests/own.py").write_text("TEST = 3\n")
    other = compare.checked_out("HEAD~1", tmp_path / "other", repository=repository)
    assert (other / "reconciler/__init__.py").read_text() == "SPEED = 1\n"
    assert (other / "tests/own.py").read_text() == "TEST = 3\n"
    with pytest.raises(SystemExit, match="no revision 'nowhere'"):
        compare.checked_out("nowhere", tmp_path / "third", repository=repository)


def test_both_sides_of_a_comparison_stand_in_one_row(tmp_path):
    def measure(tree, name):
        if name == "fleet" and tree == tmp_path:
            raise compare.NotMeasured("no such command")
        return {"plan: a": 4.0 if tree == tmp_path else 2.0, **({} if tree == tmp_path else {"plan: new": 1.0})}

    rows = compare.compare("HEAD~1", tmp_path, ["plan"], measure)
    assert [tuple(row.values()) for row in rows] == [("plan: a", "4.00", "2.00", "0.50"), ("plan: new", "", "1.00", "")]
    (failed, *_) = compare.compare("HEAD~1", tmp_path, ["fleet"], measure)
    assert tuple(failed.values()) == ("fleet", "", "", "not measured (HEAD~1): no such command")


def test_a_benchmark_that_does_not_exist_is_named():
    command = [sys.executable, "-m", "tests.bench", "plam"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no benchmark plam: there are accept," in done.stderr


def test_figures_of_a_part_of_the_objects_are_not_recorded():
    command = [sys.executable, "-m", "tests.bench", "rules", "--scale", "0.1", "--record"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "--record keeps figures of full scale only" in done.stderr
