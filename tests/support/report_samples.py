"""A plan and an audit as they look in life: for the browser tests and for the pictures in the README.

`python -m tests.support.report_samples FOLDER` writes both pages there and takes their pictures with Chromium.
"""

import random
import sys
import tempfile
from pathlib import Path

from reconciler.model.change import Action, Attribution, GuardViolation, SuppressedDifference, SuppressionReason
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import DeferredChange, Plan, UnmanagedResource
from reconciler.model.read_result import ApiUsage
from reconciler.model.report import Report, ReportOptions
from reconciler.model.resource import address
from reconciler.model.source_map import Position
from reconciler.reports.html.report import report as page
from tests.support.browser import chromium
from tests.support.report_values import ROOM, create, delete, field, still, update

_GREETING = (
    "Hello and welcome to the autumn showcase. Today everything on the second shelf ships free, and the first hundred "
    "viewers get a signed print. Ask anything in the chat, I read every line."
)


def at(file: str, line: int) -> Position:
    return Position(file, line, 9)


def sample_plan() -> Report:
    """A pull request's plan in which everything worth seeing occurs."""
    changes = (_showcase(), _welcome(), _preview(), _sale(), *(still(f"Group {number}") for number in range(14)))
    expired = Position("rooms/autumn.yaml", 7, 9)
    plan = Plan(
        environment="production",
        base="3f2a91c",
        changes=changes,
        unmanaged=tuple(
            UnmanagedResource(address=address(ROOM, f"Console {n}"), kind=ROOM, name=f"Console {n}", id=f"r-{n}")
            for n in range(3)
        ),
        held=(
            DeferredChange(
                action=Action.CREATE,
                address=address(ROOM, "Spring teaser"),
                kind=ROOM,
                name="Spring teaser",
                reason="page 3 of the list was blank, so it may exist",
            ),
        ),
        diagnostics=(
            Diagnostic(
                severity=Severity.WARNING,
                code="W_IGNORE_EXPIRED",
                message="the rule for `room_description` expired on 2026-11-01 and no longer counts",
                position=expired,
                hint="remove it, or give it a new date",
            ),
        ),
    )
    source = {expired: "      - {path: room_description, expires: 2026-11-01}\n"}
    return Report(command="plan", plans=(plan,), sources=source, usage=ApiUsage(requests=6, pages=4, shows=2))


def _showcase():
    new = _GREETING.replace("second shelf", "first two shelves").replace("a signed print", "two signed prints")
    reply = "interaction_rules[price].trigger.reply_texts[0]"
    fields = (
        field("room_description", _GREETING, new, position=at("rooms/autumn.yaml", 9)),
        field(
            reply,
            "The coat is 399 today.",
            "The coat is 359 today.",
            attribution=Attribution.DRIFT,
            position=at("rooms/autumn.yaml", 41),
        ),
        field(
            "interaction_rules[price].trigger.time_window",
            30,
            60,
            base=45,
            attribution=Attribution.CONFLICT,
            position=at("rooms/autumn.yaml", 44),
        ),
    )
    note = "on air: a change takes effect at the next start"
    return update("Autumn showcase", *fields, kind=ROOM, position=at("rooms/autumn.yaml", 4), notes=(note,))


def _welcome():
    tags = field(
        "interaction_rules[hello].hit_condition.tags",
        ["hi", "hello"],
        ["hi", "hello", "hey"],
        position=at("rule-groups/welcome.yaml", 17),
    )
    stock = field(
        "interaction_rules[stock].enabled",
        before=False,
        after=True,
        attribution=Attribution.DRIFT,
        position=at("rule-groups/welcome.yaml", 33),
    )
    hidden = (
        SuppressedDifference(path="update_time", rule=SuppressionReason.SERVER),
        SuppressedDifference(path="tags", rule=SuppressionReason.IGNORED),
    )
    return update("Welcome to the live room.", tags, stock, suppressed=hidden)


def _preview():
    after = {
        "room_name": "Winter preview",
        "room_description": "Coats, boots and a countdown.",
        "room_type": "NORMAL",
        "scene_scripts": [{"script_name": "Opening", "shoot_scripts": ["Good evening!"]}],
    }
    return create("Winter preview", attribution=Attribution.CONFIG, after=after, position=at("rooms/winter.yaml", 4))


def _sale():
    guard = GuardViolation(
        code="E_GUARD_DELETES", message="1 delete of 3 owned groups is more than 30 %", allow="--allow-deletes 1"
    )
    return delete("Summer sale", blocks=(guard,), attribution=Attribution.CONFIG)


def sample_audit(environments: int = 24) -> Report:
    """A night's audit of many environments."""
    rng = random.Random(7)
    plans = tuple(_audited(rng, number) for number in range(environments))
    return Report(command="audit", plans=plans, usage=ApiUsage(requests=96, pages=70, shows=26))


def _audited(rng: random.Random, number: int) -> Plan:
    name = (
        f"{rng.choice(['shop', 'studio', 'campus', 'press'])}-{rng.choice(['eu', 'ap', 'north', 'east'])}-{number:02}"
    )
    changes = [still(f"Room {at}") for at in range(rng.randint(5, 20))]
    if rng.random() < 0.6:
        marks = [Attribution.CONFIG, Attribution.DRIFT, Attribution.DRIFT, Attribution.CONFLICT]
        for at in range(rng.choice([1, 1, 2, 3, 5, 9])):
            mark = rng.choice(marks)
            window = field("interaction_rules[price].trigger.time_window", 30, rng.randint(31, 90), attribution=mark)
            text = field("group_description", "before", "after", attribution=mark)
            changes.append(update(f"Rules {at}", window, text))
        if rng.random() < 0.4:
            changes.append(create(f"Room new {number}", attribution=Attribution.CONFIG))
        if rng.random() < 0.25:
            changes.append(delete(f"Old {number}", attribution=Attribution.CONFIG))
    return Plan(environment=name, base="ledger", changes=tuple(changes))


def main(folder: Path) -> None:
    """Write both pages and their pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium(Path(scratch) / "profile") as browser:
        for name, made, height in (("plan", sample_plan(), 1040), ("audit", sample_audit(), 1040)):
            file = Path(scratch) / f"{name}.html"
            file.write_text(page(made, ReportOptions(tool_version="")), encoding="utf-8")
            browser.set_window_size(1180, height)
            browser.get(file.as_uri())
            browser.save_screenshot(str(folder / f"{name}.png"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
