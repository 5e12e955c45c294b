"""A program as a writer: it passes the suite, gets data on stdin only, sees no credentials, and is not believed."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from reconciler.errors import ApiError, PluginError, TransportError
from reconciler.interfaces import Writer, WriterContext, WriteRequest
from reconciler.kinds.registry import kind_named
from reconciler.model.change import Action, Change
from reconciler.testing.harness import TestService, declare
from reconciler.testing.writer_suite import HOSTILE, WriterSuite
from reconciler.writers.command_writer import CommandWriter
from tests.support.command_line import project, reconciler, room

PROGRAM = Path(__file__).parents[2] / "examples" / "writer-plugin" / "receiver" / "carry_out.py"


class TestCommandWriter(WriterSuite):
    def writer(self, place: TestService) -> Writer:
        return CommandWriter([sys.executable, "-S", "-E", str(PROGRAM)], {"RECONCILER_WRITER_URL": place.url})


def task(name: str = "evening", live: dict[str, Any] | None = None) -> WriteRequest:
    declared = declare("SmartLiveRoom", name, {"room_description": "x", "stream_keys": [{"secret": "STREAM_KEY"}]})
    change = Change(action=Action.CREATE, address=declared.address, kind="SmartLiveRoom", name=name)
    return WriteRequest(change=change, kind=kind_named("SmartLiveRoom"), desired=declared, references={})


def program(folder: Path, text: str) -> list[str]:
    path = folder / "program.py"
    path.write_text(dedent(text))
    return [sys.executable, "-S", "-E", str(path)]


ECHO = """
    import json, os, sys
    seen = {"argv": sys.argv[1:], "environment": dict(os.environ), "stdin": json.load(sys.stdin)}
    open(os.environ["TMPDIR"] + "/seen.json", "w").write(json.dumps(seen))
    print('{"status": "applied", "id": "7", "calls": 2, "warnings": ["a", "b"]}')
"""


def setup(folder: Path, argv: list[str], **more: str) -> WriterContext:
    variables = {
        "RECONCILER_WRITER_COMMAND": " ".join(argv),
        "TMPDIR": str(folder),
        "PATH": "/usr/bin:/bin",
        "HUAWEICLOUD_SDK_AK": "an access key",
        "HUAWEICLOUD_SDK_SK": "a secret key of forty characters, or so",
        "RECONCILER_SECRET_STREAM_KEY": "a stream key",
        "GITHUB_TOKEN": "a token",
        **more,
    }
    return WriterContext(variables=variables, secret=str, emit=str, client=object)


@pytest.mark.parametrize("name", HOSTILE)
def test_w022_w023_w025_the_program_gets_data_on_stdin_and_a_clean_environment(tmp_path: Path, name: str) -> None:
    writer = CommandWriter.made(setup(tmp_path, program(tmp_path, ECHO), RECONCILER_WRITER_PASS="SHOP", SHOP="tea"))
    written = writer.write(task(name))
    assert (written.id, written.calls, written.warnings) == ("7", 2, ("a", "b"))
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["argv"] == []
    assert set(seen["environment"]) - {"LC_CTYPE"} == {"TMPDIR", "PATH", "SHOP"}
    assert seen["stdin"]["name"] == name
    assert seen["stdin"]["desired"]["stream_keys"] == [{"secret": "STREAM_KEY"}]
    assert "a stream key" not in json.dumps(seen)
    assert not list(tmp_path.glob("pwned-marker"))


def test_live_secrets_are_masked_in_what_the_program_sees(tmp_path: Path) -> None:
    from reconciler.model.resource import LiveResource

    live = LiveResource(
        kind="SmartLiveRoom", name="evening", id="7", spec={"stream_keys": ["theirs, in clear"], "more": 1}
    )
    CommandWriter.made(setup(tmp_path, program(tmp_path, ECHO))).write(replace(task(), live=live))
    seen = json.loads((tmp_path / "seen.json").read_text())["stdin"]
    assert seen["live"] == {"stream_keys": ["(sensitive value)"], "more": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pass", "did not say its outcome in JSON"),
        ("print('done!')", "did not say its outcome in JSON"),
        ("print('[' * 100000)", "did not say its outcome in JSON"),
        ("print('[]')", "gave no outcome"),
        ('print(\'{"status": "splendid"}\')', "gave no outcome"),
        ('print(\'{"status": "applied"}\'); raise SystemExit(3)', "ended with 3"),
        ("import os; os.kill(os.getpid(), 9)", "ended with -9"),
        ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "said more than 1048576 bytes"),
        ("import time; time.sleep(60)", "took more than 1 s"),
        ("import os, time\nos.close(1)\ntime.sleep(60)", "closed its output and went on"),
        ("import os, time\nif os.fork(): os._exit(0)\ntime.sleep(60)", "took more than 1 s"),
    ],
)
def test_w024_a_program_that_fails_hangs_or_floods_leaves_the_outcome_unknown(
    tmp_path: Path, text: str, words: str
) -> None:
    writer = CommandWriter(program(tmp_path, text), {}, seconds=1)
    with pytest.raises(TransportError, match=words) as error:
        writer.write(task())
    assert error.value.sent
    assert error.value.code == "E_WRITER"


@pytest.mark.parametrize(
    "text",
    [
        "import time\nwhile True: print('x', end='', flush=True); time.sleep(0.05)",
        "import os, time\ntime.sleep(0.8)\nos.close(1)\ntime.sleep(60)",
        "import signal, time\nfor number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)\ntime.sleep(60)",
        "import os, time\nif os.fork(): time.sleep(60)\nos.setsid()\ntime.sleep(3)",
        "import os, time\nif os.fork(): os.close(1); os._exit(0)\nos.setsid()\ntime.sleep(3)",
    ],
    ids=["drips", "closes late", "ignores signals", "child of its own session", "ends and leaves one"],
)
def test_a_programs_whole_time_is_one_budget(tmp_path: Path, text: str) -> None:
    writer = CommandWriter.made(replace(setup(tmp_path, program(tmp_path, text)), seconds=1.0))
    started = time.monotonic()
    with pytest.raises(TransportError) as error:
        writer.write(task("a room of a long text " * 20_000))
    assert time.monotonic() - started < 2.5
    assert (error.value.sent, error.value.code) == (True, "E_WRITER")


def test_the_operator_gives_a_program_its_time(tmp_path: Path) -> None:
    seed = "smart_live_rooms: [{room_name: One, room_description: before}]"  # a change of what is there settles at once
    shop = project(tmp_path / "shop", {"rooms/one.yaml": room("One")}, seed=seed)
    variables = {"RECONCILER_WRITER_COMMAND": " ".join(program(tmp_path, "import time; time.sleep(60)"))}
    given = ("-C", shop, "apply", "--auto-approve", "--writer", "command", "--writer-timeout")
    started = time.monotonic()
    run = reconciler(*given, "0.5", variables=variables)
    assert "took more than 0.5 s" in run.out + run.err
    assert run.code != 0
    assert time.monotonic() - started < 30
    for wrong in ("nan", "inf", "0", "-1", "soon"):
        assert reconciler(*given, wrong, variables=variables).code == 1


def test_a_refusal_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    text = 'print(\'{"status": "failed", "reason": "not today"}\')'
    with pytest.raises(ApiError, match="not today"):
        CommandWriter(program(tmp_path, text), {}).write(task())


def test_a_program_that_is_not_there_certainly_did_nothing(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="cannot be started") as error:
        CommandWriter([str(tmp_path / "missing")], {}).write(task())
    assert not error.value.sent


@pytest.mark.parametrize(("argv", "words"), [("", "does not know which program"), ("a 'b", "cannot be read")])
def test_a_command_that_is_missing_or_unreadable_is_said_so(tmp_path: Path, argv: str, words: str) -> None:
    with pytest.raises(PluginError, match=words):
        CommandWriter.made(setup(tmp_path, [argv]))
