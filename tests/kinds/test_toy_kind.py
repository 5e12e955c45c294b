"""A kind from outside is one file: nothing in the package changes for it.

The test puts a small distribution on PYTHONPATH, as an installed plugin would be, and drives everything through the
command line in processes of its own.
"""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.support.toy_plugin import install, run, simulated

KIND = '''
"""Coupons: what viewers may claim during a broadcast."""

from typing import Literal

from reconciler.kinds.base.kind import Endpoints, ItemCollection, Kind, ListFilter
from reconciler.kinds.base.problem import warning
from reconciler.kinds.base.field_builders import Secret, SpecModel, keyed_by, choice, integer, items, secret, text
from reconciler.kinds.base.field import FieldRole
from reconciler.kinds.base.simulated_kind import Confirmation, Derivation, SimulatedKind


class Step(SpecModel):
    """One step of the discount."""

    step_name: str = text(1, 32, required=True, doc="Name of the step.")
    off: int = integer(1, 90, required=True, unit="percent", doc="How much is taken off.")
    note: str | None = text(0, 64, default="", doc="What the viewer reads.")

    class Answer(SpecModel):
        """What the service says of a step."""

        step_id: str | None = text(1, 64, in_list=True, doc="Id of the step.")


class Coupon(SpecModel):
    """A coupon that viewers may claim."""

    audience: Literal["ALL", "MEMBERS"] | None = choice(default="ALL", in_list=True, doc="Who may claim it.")
    member_level: int | None = integer(
        1, 9, required_when="audience == 'MEMBERS'", in_list=True, recommended_max=5, doc="The lowest level."
    )
    steps: list[Step] | None = items(
        0, 9, rule=keyed_by("step_name", server=("step_id",)), in_list=True, doc="The steps."
    )
    claim_key: Secret | None = secret(0, 64, doc="The key claims are signed with.")

    class Answer(SpecModel):
        """What the service says."""

        coupon_id: str | None = text(1, 64, in_list=True, doc="Id.")
        coupon_name: str | None = text(
            1, 40, role=FieldRole.IDENTITY, required_in=("create", "update"), in_list=True,
            in_create=True, in_update=True,
            doc="Name.",
        )
        create_time: str | None = text(20, 20, in_list=True, doc="When it was made.")
        update_time: str | None = text(20, 20, in_list=True, doc="When it was last written.")
        total_off: int | None = integer(0, in_list=True, doc="Sum of the steps.")
        approval: str | None = text(0, 16, in_list=True, doc="Whether it was approved.")
        claimed: int | None = integer(0, role=FieldRole.OBSERVED, in_list=True, doc="How often it was claimed.")


def total(body):
    """Return the body with the sum of its steps."""
    return {**body, "total_off": sum(step["off"] for step in body.get("steps") or ())}


def generous(spec):
    """Warn of a coupon that gives nothing."""
    if spec.get("steps") == []:
        yield warning(("steps",), "W_COUPON_EMPTY", "a coupon without steps gives nothing", "add a step")


KIND = Kind(
    name="Coupon",
    title="Coupon",
    model=Coupon,
    id_field="coupon_id",
    name_field="coupon_name",
    endpoints=Endpoints(
        collection="/v1/{project_id}/coupons",
        items="coupons",
        filters=(
            ListFilter(parameter="coupon_name", field="coupon_name", max_length=40),
            ListFilter(parameter="size", field="", match="unknown", max_length=8),
        ),
    ),
    item_collection=ItemCollection(
        path="/v1/{project_id}/coupons/{id}/steps",
        field="steps",
        id_field="step_id",
        create_fields=frozenset({"step_name", "off", "note"}),
        update_fields=frozenset({"step_name", "off"}),
    ),
    not_found_codes=frozenset({"404404"}),
    simulation=SimulatedKind(
        derivation=Derivation(field="total_off", derive=total),
        confirmation=Confirmation(
            field="approval", states={"confirm": "YES", "reject": "NO"}, unconfirmed="OPEN", version="update_time"
        ),
        filters={"size": lambda row, project: frozenset({"big" if len(row.get("steps") or ()) > 1 else "small"})},
    ),
    scope_fields=("audience",),
    checks=(generous,),
    sentences={"steps": lambda step: f"{step.get('step_name')}: {step.get('off')} % off"},
)
'''

PROJECT = """
name: shop
manifests: [coupons]
environments:
  demo: {endpoint: "simulator:live.yaml"}
  members: {endpoint: "simulator:live.yaml", scope: {fields: {audience: [MEMBERS]}}}
  port: {endpoint: "ENDPOINT", project_id: 00000000000000000000000000000000, auth: none, ledger: "sqlite:///.reconciler/l.db"}
"""

LIVE = """
coupons:
  - coupon_id: c-1
    coupon_name: spring
    steps: [{step_name: first, off: 10}, {step_name: second, off: 20}]
  - {coupon_id: c-2, coupon_name: by hand, audience: ALL}
"""

COUPONS = """
apiVersion: metastudio/v1
kind: Coupon
metadata: {name: spring}
spec:
  steps:
    - {step_name: second, off: 25}
    - {step_name: first, off: 10}
---
apiVersion: metastudio/v1
kind: Coupon
metadata: {name: autumn}
spec: {audience: MEMBERS, member_level: 3, claim_key: {secret: CLAIM_KEY}}
"""

BROKEN = """
apiVersion: metastudio/v1
kind: Coupon
metadata: {name: spring}
spec:
  audience: MEMBERS
  claimed: 3
  stepps: []
  steps: [{step_name: first, off: 95}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with coupons, beside a distribution that brings the kind."""
    entries = {"reconciler.kinds": {"Coupon": "toy_coupons:KIND"}}
    install(tmp_path / "plugin", "toy-coupons", {"toy_coupons.py": KIND}, entries)
    folder = tmp_path / "shop"
    (folder / "coupons").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(PROJECT.replace("ENDPOINT", "http://127.0.0.1:9"))
    (folder / "live.yaml").write_text(LIVE)
    (folder / "coupons" / "all.yaml").write_text(COUPONS)
    return folder


def test_a_toy_kind_has_a_schema(shop: Path):
    assert "Coupon" in run(shop, "schema").stdout.split()
    schema = json.loads(run(shop, "schema", "Coupon").stdout)
    document = {"apiVersion": "metastudio/v1", "kind": "Coupon", "metadata": {"name": "a"}}
    assert jsonschema_rs.is_valid(schema, document | {"spec": {"steps": [{"step_name": "a", "off": 5}]}})
    assert not jsonschema_rs.is_valid(schema, document | {"spec": {"steps": [{"step_name": "a", "off": 91}]}})
    assert not jsonschema_rs.is_valid(schema, document | {"spec": {"audience": "MEMBERS"}})
    everything = json.loads(run(shop, "schema", "manifest").stdout)
    assert jsonschema_rs.is_valid(everything, document)
    assert not jsonschema_rs.is_valid(everything, document | {"spec": {"claim_key": "clear text"}})


def test_a_toy_kind_is_validated(shop: Path):
    assert run(shop, "validate", "-e", "demo").returncode == 0
    (shop / "coupons" / "all.yaml").write_text(BROKEN)
    broken = run(shop, "validate", "-e", "demo")
    assert broken.returncode == 1
    for code in ("E_FIELD_REQUIRED_WHEN", "E_FIELD_READONLY", "E_FIELD_UNKNOWN", "E_FIELD_RANGE"):
        assert code in broken.stdout + broken.stderr
    assert "coupons/all.yaml:9:" in broken.stdout + broken.stderr


def test_a_toy_kind_has_its_own_checks(shop: Path):
    text = COUPONS.replace("member_level: 3", "member_level: 8, steps: []")
    (shop / "coupons" / "all.yaml").write_text(text)
    warned = run(shop, "validate", "-e", "demo")
    assert warned.returncode == 0
    assert "W_COUPON_EMPTY" in warned.stdout + warned.stderr
    assert "W_BUSINESS_LIMIT" in warned.stdout + warned.stderr


def changes(plan: dict[str, Any]) -> dict[str, list[str]]:
    return {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}


EXPECTED = {'Coupon["spring"]': ["update"], 'Coupon["autumn"]': ["create"]}


def test_a_toy_kind_is_planned(shop: Path):
    made = run(shop, "plan", "-e", "demo", "--format", "json", "--detailed-exitcode")
    assert made.returncode == 2, made.stderr
    assert {key: value for key, value in changes(json.loads(made.stdout)).items() if value != ["no-op"]} == EXPECTED
    text = run(shop, "plan", "-e", "demo").stdout
    assert "steps[second].off" in text
    assert "Plan: 1 to add, 1 to change, 1 to adopt. Deletes and drift are unknown: no ledger was read." in text


def call(method: str, url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def test_a_toy_kind_has_routes_over_http(shop: Path):
    with simulated(shop) as address:
        collection = f"{address}/v1/{'0' * 32}/coupons"
        listed = call("GET", f"{collection}?limit=1&offset=1")
        assert (listed["count"], len(listed["coupons"])) == (2, 1)
        assert "claim_key" not in listed["coupons"][0]
        made = call("POST", collection, {"coupon_name": "winter", "steps": [{"step_name": "one", "off": 5}]})
        shown = call("GET", f"{collection}/{made['coupon_id']}")
        assert shown["coupon_name"] == "winter"
        assert len(shown["create_time"]) == 20
        call("PUT", f"{collection}/{made['coupon_id']}", {"coupon_name": "winter", "audience": "MEMBERS"})
        named = call("GET", f"{collection}?coupon_name=winter")
        assert [row["audience"] for row in named["coupons"]] == ["MEMBERS"]
        call("DELETE", f"{collection}/{made['coupon_id']}")
        assert call("GET", collection)["count"] == 2


def test_a_toy_kind_plans_the_same_over_http(shop: Path):
    embedded = run(shop, "plan", "-e", "demo", "--format", "json")
    with simulated(shop) as address:
        (shop / "reconciler.yaml").write_text(PROJECT.replace("ENDPOINT", address))
        over_http = run(shop, "plan", "-e", "port", "--format", "json")
    assert over_http.returncode == 0, over_http.stderr
    assert changes(json.loads(over_http.stdout)) == changes(json.loads(embedded.stdout))


def test_a_toy_kind_is_applied_and_exported(shop: Path):
    with simulated(shop) as address:
        (shop / "reconciler.yaml").write_text(PROJECT.replace("ENDPOINT", address))
        applied = run(shop, "apply", "-e", "port", "--auto-approve", RECONCILER_SECRET_CLAIM_KEY="claim-key-31415926")
        assert applied.returncode == 0, applied.stderr
        assert "1 added, 1 changed, 0 destroyed" in applied.stdout
        quiet = run(shop, "plan", "-e", "port", "--detailed-exitcode")
        assert quiet.returncode == 0, quiet.stdout
        exported = run(shop, "export", "-e", "port", "-o", "out")
    assert exported.returncode == 0, exported.stderr
    texts = {file.read_text() for file in (shop / "out").rglob("*.yaml")}
    assert len(texts) == 3
    assert any("name: autumn\n" in text and "secret: CLAIM_KEY" in text for text in texts)
    assert not any("claim-key-31415926" in text for text in texts)


def test_a_toy_kind_is_listed_by_its_filters_and_columns(shop: Path):
    listed = run(shop, "get", "coupons", "-e", "demo")
    assert listed.returncode == 0, listed.stderr
    heads, *rows = listed.stdout.splitlines()
    assert heads.split() == ["Name", "Audience", "Declared", "Updated"]
    assert ["coupons/all.yaml:4" in row for row in rows] == [False, True]
    found = run(shop, "get", "Coupon", "-e", "demo", "--coupon-name", "spring", "-o", "json")
    assert [one["id"] for one in json.loads(found.stdout)["objects"]] == ["c-1"]
    refused = run(shop, "get", "coupons", "-e", "demo", "--coupon-name", "x" * 41)
    assert "--coupon-name" in refused.stderr
    assert "at most 40 are accepted" in refused.stderr
    assert "coupons: Filter by coupon_name." in " ".join(run(shop, "get", "--help").stdout.split())


def test_a_toy_kind_is_described_with_its_sentences(shop: Path):
    described = run(shop, "describe", "coupon", "spring", "-e", "demo")
    assert described.returncode == 0, described.stderr
    assert described.stdout.startswith('Coupon["spring"]')
    assert "  - second: 20 % off\n" in described.stdout


def test_a_toy_kind_is_simulated_beside_its_table(shop: Path):
    with simulated(shop) as address:
        collection = f"{address}/v1/{'0' * 32}/coupons"
        made = call("POST", collection, {"coupon_name": "winter", "steps": [{"step_name": "a", "off": 5}]})
        one = f"{collection}/{made['coupon_id']}"
        assert call("GET", one)["total_off"] == 5
        call("POST", f"{one}/confirm", {"action": "confirm", "update_time": call("GET", one)["update_time"]})
        assert call("GET", one)["approval"] == "YES"
        call("PUT", one, {"coupon_name": "winter", "steps": [{"step_name": "a", "off": 7}]})
        shown = call("GET", one)
        assert (shown["total_off"], shown["approval"]) == (7, "OPEN")
        assert [row["coupon_id"] for row in call("GET", f"{collection}?size=big")["coupons"]] == ["c-1"]


def test_a_toy_kind_is_chosen_by_its_scope_field(shop: Path):
    refused = run(shop, "validate", "-e", "members")
    assert refused.returncode == 1
    assert refused.stdout.count("E_SCOPE") == 1
    assert "this environment manages audience MEMBERS only" in refused.stdout
    (shop / "coupons" / "all.yaml").write_text(COUPONS.partition("---")[2])
    made = run(shop, "plan", "-e", "members", "--format", "json")
    assert changes(json.loads(made.stdout)) == {'Coupon["autumn"]': ["create"]}


def test_the_items_of_a_toy_kind_are_written_one_by_one(shop: Path):
    (shop / "coupons" / "all.yaml").write_text(COUPONS.partition("---")[0])
    with simulated(shop, "--log", "calls.jsonl") as address:
        (shop / "reconciler.yaml").write_text(PROJECT.replace("ENDPOINT", address))
        applied = run(shop, "apply", "-e", "port", "--auto-approve")
        assert applied.returncode == 0, applied.stderr
    requests = [json.loads(line) for line in (shop / "calls.jsonl").read_text().splitlines()]
    writes = [(each["method"], each["path"]) for each in requests if each["method"] != "GET"]
    assert len(writes) == 1
    assert writes[0][0] == "PUT"
    assert re.fullmatch(f"/v1/{'0' * 32}/coupons/c-1/steps/[^/]+", writes[0][1])


def test_a_toy_kind_is_explained(shop: Path):
    field = run(shop, "explain", "Coupon.steps.item.off")
    assert field.returncode == 0, field.stderr
    assert "How much is taken off." in field.stdout
    declared = run(shop, "explain", 'Coupon["spring"]', "-e", "demo")
    assert declared.returncode == 0, declared.stderr
    assert "steps[second].off" in declared.stdout
    assert "coupons/all.yaml:7" in declared.stdout


def test_live_values_of_a_toy_kind_are_accepted(shop: Path):
    project = shop / "reconciler.yaml"
    project.write_text(
        "".join(line for line in PROJECT.splitlines(True) if "members:" not in line and "port:" not in line)
    )
    accepted = run(shop, "accept", "-e", "demo", "--only", "all", "--force", 'Coupon["spring"]')
    assert accepted.returncode == 0, accepted.stderr
    text = (shop / "coupons" / "all.yaml").read_text()
    assert "{step_name: second, off: 20}" in text
    after = changes(json.loads(run(shop, "plan", "-e", "demo", "--format", "json").stdout))
    assert after['Coupon["spring"]'] == ["no-op"]


def test_a_toy_kind_is_measured_by_doctor(shop: Path):
    with simulated(shop, "--log", "calls.jsonl") as address:
        (shop / "reconciler.yaml").write_text(PROJECT.replace("ENDPOINT", address))
        measured = run(shop, "doctor", "-e", "port", "--format", "json")
    assert measured.returncode == 0, measured.stderr
    paths = {json.loads(line)["path"].rpartition("/")[2] for line in (shop / "calls.jsonl").read_text().splitlines()}
    assert {"coupons", "c-1", "c-2"} <= paths


def entry(shop: Path, line: str) -> None:
    (shop.parent / "plugin" / "toy_coupons-1.0.dist-info" / "entry_points.txt").write_text(
        f"[reconciler.kinds]\n{line}\n"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Coupon = toy_coupons:Coupon", "is no Kind"),
        ("Coupon = toy_coupons:NOTHING", "cannot be loaded"),
        ("Coupon = no_such_module:KIND", "cannot be loaded"),
    ],
)
def test_a_kind_that_cannot_be_had_is_named(shop: Path, line: str, told: str):
    entry(shop, line)
    refused = run(shop, "validate", "-e", "demo")
    assert refused.returncode == 1
    assert "E_PLUGIN" in refused.stderr
    assert "'Coupon'" in refused.stderr
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("stamps", "version_fields", 'KIND = Kind(**{**vars(KIND), "stamps": ("changed",)})'),
        ("business_max", "recommended_max", "integer(1, 9, business_max=5)"),
    ],
)
def test_a_name_of_an_earlier_version_is_refused_with_the_new_one(shop: Path, old: str, new: str, written: str):
    module = shop.parent / "plugin" / "toy_coupons.py"
    module.write_text(f"{KIND}\n{written}\n")
    refused = run(shop, "validate", "-e", "demo")
    assert refused.returncode == 1
    assert "E_PLUGIN" in refused.stderr
    assert f"write `{new}` in place of `{old}`" in refused.stderr


def test_kinds_that_wait_for_each_other_are_refused(shop: Path):
    module = shop.parent / "plugin" / "toy_coupons.py"
    module.write_text(KIND + '\nKIND = Kind(**{**vars(KIND), "depends_on": ("Coupon",)})\n')
    refused = run(shop, "validate", "-e", "demo")
    assert refused.returncode == 1
    assert "in a circle: Coupon → Coupon" in refused.stderr
