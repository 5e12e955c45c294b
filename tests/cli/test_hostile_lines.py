"""Whatever a manifest or the live side holds: no line of output is a command to a CI runner or to a terminal."""

import json
import re

import pytest

from tests.support.command_line import project, reconciler

HOSTILE = {
    "workflow command": "::add-mask::x",
    "after blanks": "first\n  ::stop-commands::y",
    "first line and last": "::add-mask::x\n::stop-commands::y\nend",
    "after a tab": "first\n\t::error::y",
    "after an ideographic blank": "first\n\u3000::error::y",
    "after a carriage return": "first\r::error::y",
    "after a vertical tab": "first\v::error::y",
    "after a form feed": "first\f::error::y",
    "after U+0085": "first\u0085::error::y",
    "after U+2028": "first\u2028::error::y",
    "after U+2029": "first\u2029::error::y",
    "older command": "##[group]x",
    "in the middle": "first ##[error]x",
    "azure": "##vso[task.setvariable variable=x]y",
    "terminal": "\x1b[2J\x1b]0;title\x07",
    "c1": "\x9b2J\x9d0;x\x9c",
    "delete": "a\x7f\x08b",
    "bidirectional": "a\u202eb\u2066c",
    "invisible": "a\ufeffb\u2060c\U000e0041",
}
FORMATS = ["text", "json", "markdown", "html", "sarif", "junit", "gitlab", "gitlab-terraform", "github", "script"]
COMMANDS = [
    *(["plan", "--format", name] for name in FORMATS),
    *(["validate", "--format", name] for name in FORMATS),
    *(["apply", "--auto-approve", "--format", name] for name in ("text", "json", "markdown")),
    ["apply", "--auto-approve", "--writer", "dry_run"],
    ["plan", "--color"],
    ["plan", "-vv", "--log-format", "json"],
    ["render"],
    ["explain", "SmartLiveRoom/Room 1"],
    ["explain", "SmartLiveRoom.HOSTILE"],
    *(["get", "rooms", "-o", name] for name in ("table", "wide", "json", "yaml", "csv", "name")),
    ["get", "rooms", "--columns", "name,room_description", "--sort-by", "room_description"],
    ["get", "rooms", "--room-name", "HOSTILE"],
    ["describe", "SmartLiveRoom/Room 1"],
    ["describe", "HOSTILE"],
    ["accept", "--dry-run"],
    ["accept", "--force", "--format", "json"],
    ["accept", "SmartLiveRoom/Room 1", "--force"],
    ["adopt", "--all", "-o", "adopted"],
    ["adopt", "HOSTILE", "-o", "adopted"],
    ["export", "-o", "exported"],
    ["destroy", "--auto-approve"],
    ["history"],
    ["doctor"],
    ["compare", "--on", "manifests"],
    ["--debug", "plan", "-e", "demo", "--target", "HOSTILE"],
    ["show", "HOSTILE"],
    ["HOSTILE"],
]
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
STYLE = re.compile("\x1b\\[[0-9;]*m")


TAIL = "a long text that is shown in a block of its own"


def made(folder, texts, declared):
    """Make a project whose live side holds every text, and whose manifests declare some of them."""
    rooms = [
        {
            "room_id": f"a{n}",
            "room_name": f"Room {n}",
            "room_type": "NORMAL",
            "room_description": f"{text}\nold, {TAIL}",
        }
        for n, text in enumerate(texts)
    ]
    rooms += [{"room_id": f"b{n}", "room_name": text, "room_type": "NORMAL"} for n, text in enumerate(texts)]
    manifests = {
        f"rooms/{n}.yaml": json.dumps(
            {
                "apiVersion": "metastudio/v1",
                "kind": "SmartLiveRoom",
                "metadata": {"name": f"Room {n}"},
                "spec": {"room_description": f"{text if text in declared else 'calm'}\nnew, {TAIL}"},
            }
        )
        for n, text in enumerate(texts)
    }
    seed = json.dumps({"smart_live_rooms": rooms, "interaction_rule_groups": []})
    return project(folder, manifests, seed=seed)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_line_is_a_command_and_no_control_character_gets_out(tmp_path, command):
    """X040, and its kin."""
    texts = list(HOSTILE.values())
    shown = [text for text in texts if not CONTROL.search(text)]
    for name, declared in (("what a manifest may hold", shown), ("what none may hold", texts)):
        folder = made(tmp_path / name, texts, declared)
        hostile = "\n".join(texts)
        run = reconciler("-C", folder, *(hostile if one == "HOSTILE" else one for one in command))
        told = STYLE.sub("", run.out + "\n" + run.err)
        ours = "github" in command
        for line in told.split("\n"):
            assert ours or not line.lstrip().startswith("::"), (name, line)
            assert not re.search(r"##\w*\[", line) or ours, (name, line)
            assert not CONTROL.search(line), (name, line)
        if ours:
            assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in run.out.splitlines()), name


def test_what_stands_in_a_fenced_block_is_copied_as_it_is(tmp_path):
    """manifest-19: nothing invisible between the characters of names, addresses and references."""
    text = "@octocat #12 https://x.example/?a=1&b=2 GH-7 www.example.org ](x)"
    run = reconciler(
        "-C", made(tmp_path, (said := [f"{text}\n  ::notice::same"]), said), "plan", "--format", "markdown"
    )
    lines = [line for block in run.out.split("```diff\n")[1:] for line in block.partition("\n```")[0].split("\n")]
    assert f"  {text}" in lines
    assert "|   ::notice::same" in lines
