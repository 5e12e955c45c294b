"""`simulate edit`: an environment that keeps its simulated objects, and the colleague who edits them in the console."""

import json
import re
import shutil
from pathlib import Path

import httpx
import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, Run, reconciler, room

RULES = """
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {name: Welcome}
spec:
  interaction_rules:
    - rule_name: price
      event_type: 1
      hit_condition: {relation: OR, tags: [{tag: content, match: EQUAL, value: price}]}
      trigger: {time_window: 30, reply_mode: SYSTEM_REPLY, reply_texts: [On the card., Below.]}
    - rule_name: "a=b, c"
      event_type: 1
      hit_condition: {relation: OR, tags: [{tag: content, match: EQUAL, value: ab}]}
      trigger: {time_window: 30, reply_mode: SYSTEM_REPLY, reply_texts: [Yes.]}
"""
MORNING = 'SmartLiveRoom["Morning"]'
WELCOME = 'InteractionRuleGroup["Welcome"]'
STATE = ".reconciler/simulator.json"
SEED = "smart_live_rooms: [{room_name: Morning, room_description: by hand, priv_data: kept}]\n"


class Shop:
    """A project whose simulator keeps its objects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in {
            "reconciler.yaml": f"id: {PROJECT_ID}\nmanifests: [rooms]\nenvironments:\n"
            f"  demo: {{simulator: {{seed: live.yaml, state: {STATE}}}, prune: owned}}\n",
            "live.yaml": SEED,
            "rooms/morning.yaml": room(
                "Morning", "room_description: from git\n  video_config: {width: 1080, height: 1920, bitrate: 3000}"
            ),
            "rooms/welcome.yaml": RULES,
        }.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def run(self, *arguments: object, **more: object) -> Run:
        return reconciler("-C", self.folder, *arguments, **more)

    def done(self, *arguments: object) -> str:
        run = self.run(*arguments)
        assert run.code == 0, run.out + run.err
        return run.out

    def planned(self) -> Run:
        return self.run("plan", "--detailed-exitcode")

    def state(self) -> dict:
        return json.loads((self.folder / STATE).read_text())

    def objects(self) -> dict:
        return {
            body["body"].get("room_name") or body["body"]["group_name"]: body["body"]
            for part in self.state()["collections"]
            for body in part["objects"]
        }


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One project after its first apply."""
    shop = Shop(tmp_path_factory.mktemp("once"))
    shop.done("apply", "--auto-approve")
    return shop.folder


@pytest.fixture
def applied(once: Path, tmp_path: Path) -> Shop:
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return Shop(tmp_path)


def test_what_is_applied_is_live_in_the_next_run_and_an_edit_is_drift_until_it_is_reverted(applied: Shop) -> None:
    assert applied.planned().code == 0
    assert "No changes." in applied.planned().out
    told = applied.done("simulate", "edit", WELCOME, "interaction_rules[price].trigger.reply_texts[0]=Ask me.")
    assert 'interaction_rules[price].trigger.reply_texts[0] = "On the card." -> "Ask me."' in told
    drifted = applied.planned()
    assert drifted.code == 2
    assert '"Ask me." -> "On the card."  [drift]' in drifted.out
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in drifted.out
    applied.done("apply", "--auto-approve")
    assert applied.planned().code == 0


def test_a_plan_keeps_checked_documents_alone_and_the_seed_is_read_once(shop: Shop) -> None:
    assert shop.planned().code == 2
    assert {path.name for path in (shop.folder / ".reconciler").iterdir()} == {".gitignore", "cache"}
    shop.done("apply", "--auto-approve")
    (shop.folder / "live.yaml").write_text("{}")
    assert shop.planned().code == 0


@pytest.mark.parametrize(
    ("edit", "path", "value"),
    [
        ("room_description=a: b # c", ("room_description",), "a: b # c"),
        ("room_description=12", ("room_description",), "12"),
        ("room_description=true", ("room_description",), "true"),
        ("room_description='quoted'", ("room_description",), "quoted"),
        ("room_description=it's", ("room_description",), "it's"),
        ("room_description=", ("room_description",), ""),
        ("video_config.width=720", ("video_config", "width"), 720),
        ("video_config.is_subtitle_enable=true", ("video_config", "is_subtitle_enable"), True),
        ("video_config.frame_rate=30", ("video_config", "frame_rate"), "30"),
        ("video_config={width: 720, height: 1280, bitrate: 2000}", ("video_config", "height"), 1280),
        ("last_job_status=PROCESSING", ("last_job_status",), "PROCESSING"),
        ("room_name=Noon", ("room_name",), "Noon"),
    ],
)
def test_a_value_is_typed_by_its_field(applied: Shop, edit: str, path: tuple[str, ...], value: object) -> None:
    applied.done("simulate", "edit", MORNING, edit)
    found = next(body for body in applied.objects().values() if "room_name" in body)
    for step in path:
        found = found[step]
    assert found == value
    assert type(found) is type(value)


def test_null_clears_a_field_and_takes_an_item_out_and_the_next_number_adds_one(applied: Shop) -> None:
    rules = "interaction_rules"
    applied.done("simulate", "edit", "Morning", "room_description=null")
    assert "room_description" not in applied.objects()["Morning"]
    applied.done("simulate", "edit", "Welcome", f"{rules}[price].trigger.reply_texts[2]=Third.")
    applied.done("simulate", "edit", "Welcome", f"{rules}[price].trigger.reply_texts[0]=null")
    assert applied.objects()["Welcome"][rules][0]["trigger"]["reply_texts"] == ["Below.", "Third."]
    applied.done("simulate", "edit", "Welcome", f'{rules}["a=b, c"].enabled=false')
    assert applied.objects()["Welcome"][rules][1]["enabled"] is False
    applied.done("simulate", "edit", "Welcome", f"{rules}[price]=null")
    assert [rule["rule_name"] for rule in applied.objects()["Welcome"][rules]] == ["a=b, c"]
    applied.done("simulate", "edit", "Welcome", f"{rules}[1]={{rule_name: new, event_type: 1}}")
    assert applied.objects()["Welcome"][rules][1]["rule_id"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((MORNING, "room_descripton=x"), "E_FIELD_UNKNOWN", "did you mean `room_description`?"),
        ((MORNING, "video_config.widht=1"), "E_FIELD_UNKNOWN", "did you mean `width`?"),
        ((MORNING, "video_config.width=wide"), "E_YAML_TYPE", "expected an integer"),
        ((MORNING, "video_config.width=999999"), "E_FIELD_RANGE", "at most"),
        ((MORNING, "room_type=NORMALL"), "E_FIELD_ENUM", "did you mean `NORMAL`?"),
        ((MORNING, "room_id=x"), "E_FIELD_READONLY", "cannot be edited"),
        ((MORNING, "room_name="), "E_FIELD_LENGTH", "--delete"),
        ((MORNING, "room_description.x=1"), "E_USAGE", "single value"),
        ((MORNING, "room_description"), "E_USAGE", "FIELD=VALUE"),
        ((MORNING, "=x"), "E_USAGE", "FIELD=VALUE"),
        ((MORNING, "[0]=x"), "E_USAGE", "the object is no list"),
        ((MORNING, "video_config=[]"), "E_YAML_TYPE", "expected a mapping"),
        ((WELCOME, "interaction_rules=[5]"), "E_YAML_TYPE", "expected a mapping"),
        ((WELCOME, "interaction_rules[7].enabled=true"), "E_FIELD_UNKNOWN", "has no item [7]"),
        ((WELCOME, "interaction_rules[prise].enabled=true"), "E_FIELD_UNKNOWN", "did you mean"),
        ((WELCOME, "interaction_rules[price].rule_id=x"), "E_FIELD_READONLY", "set by the service"),
        ((WELCOME, "interaction_rules[*].enabled=true"), "E_FIELD_UNKNOWN", "[price]"),
        (('SmartLiveRoom["Mornin"]', "room_description=x"), "E_ADDRESS_UNKNOWN", f"did you mean {MORNING}?"),
        ((MORNING,), "E_USAGE", "nothing is to be changed"),
        ((MORNING, "--delete", "room_description=x"), "E_USAGE", "do not go together"),
    ],
)
def test_an_edit_that_cannot_be_is_told_and_changes_nothing(
    applied: Shop, arguments: tuple[str, ...], code: str, said: str
) -> None:
    before = (applied.folder / STATE).read_bytes()
    run = applied.run("simulate", "edit", *arguments)
    assert (run.code, run.out) == (1, "")
    assert code in run.err
    assert said in run.err
    assert (applied.folder / STATE).read_bytes() == before


@pytest.mark.parametrize("text", ["::error::x", "\x1b[2Jx", "a\u202eb", "a\nb"])
def test_an_edit_is_printed_without_what_moves_a_terminal(applied: Shop, text: str) -> None:
    out = applied.done("simulate", "edit", MORNING, f"room_description={text}")
    assert applied.objects()["Morning"]["room_description"] == text
    assert not any(line.startswith("::") or "\x1b" in line or "\u202e" in line for line in out.splitlines())
    assert len(out.splitlines()) == 2


def test_an_object_whose_name_is_not_its_own_is_named_by_id(shop: Shop) -> None:
    twins = "[{room_id: a, room_name: Twin}, {room_id: b, room_name: Twin}]"
    (shop.folder / "live.yaml").write_text(f"smart_live_rooms: {twins}\n")
    run = shop.run("simulate", "edit", "Twin", "room_description=x")
    assert run.code == 1
    assert "names 2 objects" in run.err
    assert 'SmartLiveRoom["Twin"]@b' in run.err
    for name in ('SmartLiveRoom["Twin"]@b', "b"):
        assert "[id=b]" in shop.done("simulate", "edit", name, f"room_description={name}")


def test_of_several_edits_all_are_made_or_none(applied: Shop) -> None:
    before = (applied.folder / STATE).read_bytes()
    assert applied.run("simulate", "edit", MORNING, "room_description=x", "room_typ=y").code == 1
    assert (applied.folder / STATE).read_bytes() == before
    told = applied.done("simulate", "edit", MORNING, "room_description=x", "video_config.width=720")
    assert "edited, 2 fields" in told
    assert "unchanged" in applied.done("simulate", "edit", MORNING, "room_description=x")


def test_a_deleted_object_is_planned_anew_and_no_id_is_given_twice(applied: Shop) -> None:
    ids = set()
    for _ in range(2):
        ids.add(applied.objects()["Welcome"]["group_id"])
        assert "deleted" in applied.done("simulate", "edit", WELCOME, "--delete")
        drifted = applied.planned()
        assert drifted.code == 2
        assert f"{WELCOME} will be created" in drifted.out
        applied.done("apply", "--auto-approve")
    applied.done("simulate", "reset")
    applied.done("apply", "--auto-approve")
    ids.add(applied.objects()["Welcome"]["group_id"])
    assert len(ids) == 3
    assert applied.planned().code == 0


def test_versions_differ_between_all_writes_whoever_makes_them(applied: Shop) -> None:
    stamps = []
    for number in range(2):
        applied.done("simulate", "edit", MORNING, f"room_description={number}")
        stamps.append(applied.objects()["Morning"]["update_time"])
        applied.done("apply", "--auto-approve")
        stamps.append(applied.objects()["Morning"]["update_time"])
    assert stamps == sorted(set(stamps))


def test_a_reset_starts_again_from_the_seed(applied: Shop) -> None:
    assert applied.objects()["Morning"]["room_description"] == "from git"
    assert "live.yaml" in applied.done("simulate", "reset")
    assert set(applied.objects()) == {"Morning"}
    assert applied.objects()["Morning"]["room_description"] == "by hand"


def test_a_damaged_state_is_told_at_its_key_and_a_reset_replaces_it(applied: Shop) -> None:
    file = applied.folder / STATE
    whole = file.read_text()
    edit = ("simulate", "edit", MORNING, "room_description=x")
    for text, command in (
        (whole[:-20], ("plan",)),
        (whole.replace('"serial": 1', '"serial": "x"'), ("apply", "--auto-approve")),
        (whole.replace("state 1", "state 9"), edit),
        ("", ("export", "-o", "out")),
    ):
        file.write_text(text)
        run = applied.run(*command)
        assert run.code == 1, run.out
        for said in ("E_SIMULATOR_STATE", "reconciler.yaml:4:", "simulate reset"):
            assert said in run.out + run.err
        assert file.read_text() == text
    applied.done("simulate", "reset")
    assert applied.planned().code == 2


def test_a_secret_is_not_in_the_state(shop: Shop) -> None:
    spec = "live_event_callback_config: {auth_type: MSS_A, key: {secret: CALLBACK_KEY}}"
    (shop.folder / "rooms/morning.yaml").write_text(room("Morning", spec))
    secret = {"RECONCILER_SECRET_CALLBACK_KEY": "CANARYcanary0123456789", "RECONCILER_DIGEST_KEY": "k" * 32}
    assert shop.run("apply", "--auto-approve", variables=secret).code == 0
    assert shop.run("plan", "--detailed-exitcode", variables=secret).code == 0
    edited = shop.run("simulate", "edit", MORNING, "live_event_callback_config.key=CANARYcanaryother")
    assert "(sensitive value)" in edited.out
    assert "CANARY" not in edited.out
    for path in shop.folder.rglob("*"):
        assert path.is_dir() or b"CANARY" not in path.read_bytes(), path


def test_two_environments_keep_their_own_objects(shop: Shop) -> None:
    with (shop.folder / "reconciler.yaml").open("a") as file:
        file.write("  other: {simulator: {seed: live.yaml, state: .reconciler/other.json}}\n")
    for name in ("demo", "other"):
        shop.done("apply", "-e", name, "--auto-approve")
    shop.done("simulate", "edit", "-e", "other", MORNING, "room_description=x")
    assert shop.run("plan", "-e", "demo", "--detailed-exitcode").code == 0
    assert "[drift]" in shop.run("plan", "-e", "other").out
    assert shop.run("simulate", "edit", MORNING, "room_description=x").code == 1


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ('{endpoint: "simulator:live.yaml"}', "keeps nothing"),
        ("{simulator: {seed: live.yaml}}", "keeps nothing"),
        ("{region: cn-north-4, project_id: p1}", "not simulated"),
    ],
)
def test_only_an_environment_that_keeps_its_objects_can_be_edited(shop: Shop, place: str, said: str) -> None:
    (shop.folder / "reconciler.yaml").write_text(f"manifests: [rooms]\nenvironments:\n  demo: {place}\n")
    run = shop.run("simulate", "edit", MORNING, "room_description=x")
    assert run.code == 1
    assert said in run.err
    assert "state: .reconciler/simulator.json" in run.err


def test_a_served_simulator_is_edited_by_the_command_that_the_refusal_shows(shop: Shop) -> None:
    with running(Simulator({"smart_live_rooms": [{"room_name": "Morning", "room_description": "by hand"}]})) as url:
        (shop.folder / "reconciler.yaml").write_text(
            f'manifests: [rooms]\nenvironments:\n  demo: {{endpoint: "{url}", project_id: {"2" * 32}}}\n'
        )
        run = shop.run("simulate", "edit", MORNING, "room_description=x")
        assert run.code == 1
        assert "cannot be edited here: its live side is served at" in run.err
        assert "in place of its `endpoint`" not in run.err
        body, address = re.search(r"curl -d '(.*)' (\S+)", run.err).groups()
        body = body.replace("…", "Morning").replace("FIELD", "room_description").replace("VALUE", "closed")
        assert httpx.post(address, content=body).status_code == 200
        found = shop.run("describe", MORNING, "-o", "json")
        assert "closed" in found.out, found.err


@pytest.mark.parametrize("letter", ["0", "2"])
def test_a_seed_without_project_id_is_shown_to_each_project_id_served_and_kept(shop: Shop, letter: str) -> None:
    with running(Simulator({"smart_live_rooms": [{"room_name": "Morning"}]})) as url:
        for place in (
            f'{{endpoint: "{url}", project_id: "{letter * 32}"}}',
            f'{{endpoint: "simulator:live.yaml", project_id: "{letter * 32}"}}',
            f'{{simulator: {{seed: live.yaml, state: {STATE}}}, project_id: "{letter * 32}"}}',
        ):
            (shop.folder / "reconciler.yaml").write_text(f"manifests: [rooms]\nenvironments:\n  demo: {place}\n")
            assert shop.done("get", "rooms", "-o", "name").strip() == MORNING


def test_a_project_id_that_the_seed_does_not_name_is_an_error_with_a_reason(shop: Shop) -> None:
    seed = {"project_id": "a" * 32, "smart_live_rooms": [{"room_name": "Morning"}]}
    (shop.folder / "live.yaml").write_text(json.dumps(seed))
    with running(Simulator(seed)) as url:
        for place in (f'endpoint: "{url}"', 'endpoint: "simulator:live.yaml"', "simulator: {seed: live.yaml}"):
            (shop.folder / "reconciler.yaml").write_text(
                f"manifests: [rooms]\nenvironments:\n  demo: {{{place}, project_id: {'b' * 32}}}\n"
            )
            run = shop.run("plan")
            assert run.code == 1
            assert f"no project {'b' * 32}: its seed names {'a' * 32}" in run.out + run.err


def test_a_kept_project_keeps_its_objects_beside_one_that_begins_later(shop: Shop) -> None:
    shop.done("apply", "--auto-approve")
    shop.done("simulate", "edit", MORNING, "--delete")
    text = (shop.folder / "reconciler.yaml").read_text()
    other = f"  other: {{simulator: {{seed: live.yaml, state: {STATE}}}, project_id: {'c' * 32}}}\n"
    (shop.folder / "reconciler.yaml").write_text(text + other)
    assert shop.done("get", "rooms", "-e", "other", "-o", "name").strip() == MORNING
    shop.done("simulate", "edit", MORNING, "room_description=here", "-e", "other")
    assert shop.done("get", "rooms", "-e", "other", "--count").split()[-1] == "1"
    assert shop.done("get", "rooms", "-e", "demo", "--count").split()[-1] == "0"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("{simulator: {seed: live.yaml, state: state.json}}", "below .reconciler/"),
        ("{simulator: {seed: live.yaml, state: .reconciler/../x.json}}", "below .reconciler/"),
        ("{simulator: {state: .reconciler/x.json}}", "seed"),
        ("{simulator: {seed: live.yaml, stat: x}}", "did you mean `state`?"),
        ('{endpoint: "simulator:live.yaml", simulator: {seed: live.yaml}}', "both `endpoint` and `simulator`"),
    ],
)
def test_a_simulator_that_cannot_be_is_told_at_its_key(shop: Shop, place: str, said: str) -> None:
    (shop.folder / "reconciler.yaml").write_text(f"manifests: [rooms]\nenvironments:\n  demo: {place}\n")
    run = shop.run("validate")
    assert run.code == 1
    assert said in run.out + run.err
    assert "reconciler.yaml:3:" in run.out + run.err
