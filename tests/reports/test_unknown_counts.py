"""Without a ledger nobody knows what would be deleted or what drifted: no format says zero."""

import json
import re

import pytest

from reconciler.fleet.prometheus import textfile
from reconciler.model.plan import UNKNOWN_WITHOUT_LEDGER, Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import encode
from reconciler.planfile.untrusted_plan import as_untrusted
from reconciler.reports import shell_script
from reconciler.reports.html import report as html
from reconciler.reports.markdown import report as markdown
from reconciler.reports.text import report as text
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import FLEET, project, reconciler, room
from tests.support.report_values import create, delete, everything, still

ZERO = re.compile(r"\b0 to destroy|\b0 (?:fields )?drift")
FORMATS = {"text": text, "markdown": markdown, "html": html, "script": shell_script}
OPTIONS = [ReportOptions(budget=0), ReportOptions(budget=600)]
PLANS = {
    "a create": (create(),),
    "nothing to do": (still(),),
    "more than fits": tuple(create(f"Room {number}") for number in range(500)),
}


@pytest.mark.parametrize("options", OPTIONS, ids=["whole", "cut"])
@pytest.mark.parametrize("changes", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("name", FORMATS)
def test_no_format_says_zero_of_what_is_not_known(name, changes, options):
    known = Plan(environment="shop", changes=changes, base="ledger")
    blind = Plan(environment="shop", changes=changes, unknown_counts=UNKNOWN_WITHOUT_LEDGER)
    told = FORMATS[name].report(Report(command="plan", plans=(blind,)), options)
    if name != "script" or blind.pending:
        assert "eletes and drift are unknown" in told
    assert not ZERO.search(re.sub(r"<[^>]*>", " ", told))
    assert "unknown" not in FORMATS[name].report(Report(command="plan", plans=(known,)), options).lower()


def test_what_is_counted_although_more_may_be_is_told_as_that():
    plan = Plan(environment="shop", changes=(delete(),), unknown_counts=UNKNOWN_WITHOUT_LEDGER)
    told = text.report(Report(command="plan", plans=(plan,)), ReportOptions())
    assert "0 to change, 1 to destroy. Further deletes and drift are unknown: no ledger was read." in told


def test_the_json_has_a_marker_and_keeps_its_numbers():
    plan = Plan(environment="shop", changes=(create(),), unknown_counts=UNKNOWN_WITHOUT_LEDGER)
    whole = encode(plan)
    assert whole["unknown_counts"] == ["destroy", "drift"]
    assert whole["summary"]["destroy"] == 0
    assert decode(whole) == plan
    older = {name: value for name, value in whole.items() if name != "unknown_counts"}
    assert decode(older).unknown_counts == ()


def test_a_plan_says_what_it_does_not_know_until_a_ledger_was_written(tmp_path):
    with running(Simulator({})) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", auth: none}}\n'
        root = project(tmp_path, {"rooms/a.yaml": room("a")}, more=place)
        plan = ("-C", root, "plan", "-e", "real")
        assert json.loads(reconciler(*plan, "--format", "json").out)["unknown_counts"] == ["destroy", "drift"]
        assert reconciler("-C", root, "apply", "-e", "real", "--auto-approve").code == 0
        assert json.loads(reconciler(*plan, "--format", "json").out)["unknown_counts"] == []
        assert "unknown" not in reconciler(*plan).out


def test_a_base_that_is_called_like_the_ledger_is_none(tmp_path):
    plan = Plan(environment="shop", changes=(create(),), base="ledger", unknown_counts=UNKNOWN_WITHOUT_LEDGER)
    assert not plan.knows("destroy")


def test_tables_and_figures_of_an_audit_show_no_zero_either(tmp_path):
    figures, page = tmp_path / "audit.prom", tmp_path / "audit.md"
    audit = reconciler("-C", FLEET, "audit", "--metrics", figures, "--report", f"markdown={page}")
    assert re.search(r"^north +in step +0 +0 +\? +\? ", audit.out, flags=re.MULTILINE)
    assert 'action="change"' in figures.read_text()
    assert 'action="destroy"' not in figures.read_text()
    assert 'attribution="drift"' not in figures.read_text()
    assert not re.search(r"\| 0 \| 1 \| 0 \|", page.read_text())
    assert textfile([], now=0, seconds=0)


CLAIMS = {
    "trusted": {"untrusted": False},
    "a ledger": {"base": "ledger", "unknown_counts": []},
    "a ledger and a commit": {"base": "main + ledger"},
    "all": {"untrusted": False, "base": "ledger", "unknown_counts": [], "applyable": True, "complete": True},
}


@pytest.mark.parametrize("changes", [(create(),), (still(),), ()], ids=["a create", "in step", "empty"])
@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_strangers_file_is_told_as_that_whatever_it_claims(tmp_path, claim, changes):
    whole = encode(Plan(environment="shop", changes=changes, base="ledger")) | claim
    (tmp_path / "plan.json").write_text(json.dumps(whole))
    done = reconciler("-C", tmp_path, "comment", "plan.json", "--untrusted", "--dry-run")
    assert done.code == 0, done.err
    assert "Planned from untrusted manifests: it cannot be applied." in done.out
    assert "Deletes and drift are unknown" in done.out
    assert not ZERO.search(done.out)
    assert "ledger`" not in done.out


@pytest.mark.parametrize("budget", [500, 2_000, 65_000])
def test_the_banner_is_never_cut_and_stands_above_all_else(tmp_path, budget):
    plans = [encode(everything()) | {"environment": f"e{number}"} for number in range(4)]
    (tmp_path / "plan.json").write_text(json.dumps({"plans": plans}))
    done = reconciler("-C", tmp_path, "comment", "plan.json", "--untrusted", "--dry-run", "--budget", budget)
    lines = [line for line in done.out.splitlines() if line and not line.startswith("<!--")]
    assert lines[0].startswith("### reconciler")
    assert "Planned from untrusted manifests" in lines[1]


def test_a_trusted_plan_has_no_banner(tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps(encode(everything())))
    done = reconciler("-C", tmp_path, "comment", "plan.json", "--dry-run")
    assert "untrusted" not in done.out


def test_as_untrusted_changes_nothing_else():
    (plan,) = as_untrusted([everything()])
    assert (plan.changes, plan.held, plan.diagnostics) == (
        everything().changes,
        everything().held,
        everything().diagnostics,
    )
