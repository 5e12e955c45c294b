"""Files and functions that one reply text crosses, from its manifest to its line of a plan.

    python -m tests.architecture.value_path

Counted are the functions of the package that get the text itself as an argument while a plan is made and printed, the
homes of the rules that are asked about it included. The simulator, which is the other side, is left out.
"""

import io
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Any

from reconciler.cli import main as command_line
from tests.architecture.figures import PACKAGE

TEXT = "the text that is followed"
PROJECT = 'name: shop\nmanifests: [groups]\nenvironments: {demo: {endpoint: "simulator:live.yaml"}}\n'
RULE = """
    - rule_name: price
      event_type: 1
      hit_condition: {{relation: OR, tags: [{{tag: content, match: EQUAL, value: price}}]}}
      trigger: {{time_window: 60, reply_mode: SYSTEM_REPLY, reply_texts: [{text}]}}
"""
MANIFEST = """
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {{name: hello}}
spec:
  interaction_rules:{rule}"""
LIVE = "interaction_rule_groups:\n- group_id: g-1\n  group_name: hello\n  interaction_rules:{rule}"


def write_project(folder: Path) -> None:
    """Write a project whose plan changes one reply text."""
    (folder / "groups").mkdir()
    (folder / "reconciler.yaml").write_text(PROJECT)
    (folder / "groups/hello.yaml").write_text(MANIFEST.format(rule=RULE.format(text=TEXT)))
    (folder / "live.yaml").write_text(LIVE.format(rule=RULE.format(text="another text")))


@contextmanager
def followed(text: str) -> Iterator[dict[str, list[str]]]:
    """Collect the functions of the package that get a text, by file."""
    seen: dict[str, list[str]] = {}

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(f"{PACKAGE}/"):
            return
        file = Path(code.co_filename).relative_to(PACKAGE).as_posix()
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        values = [frame.f_locals.get(name) for name in names]
        if not file.startswith("simulator/") and any(type(value) is str and value == text for value in values):
            functions = seen.setdefault(file, [])
            if code.co_qualname not in functions:
                functions.append(code.co_qualname)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # None ends it, as for sys


def value_path() -> Mapping[str, list[str]]:
    """Return the functions that the text crosses in one plan, by file."""
    before = sys.argv
    with tempfile.TemporaryDirectory() as folder, followed(TEXT) as seen:
        write_project(Path(folder))
        sys.argv = ["reconciler", "-C", folder, "plan", "-e", "demo"]
        shown = io.StringIO()
        try:
            with redirect_stdout(shown), redirect_stderr(shown):
                command_line()
        except SystemExit:
            pass
        finally:
            sys.argv = before
    return seen


if __name__ == "__main__":
    for path, functions in (crossed := value_path()).items():
        print(f"{path}: {', '.join(functions)}")
    print(f"{len(crossed)} files, {sum(map(len, crossed.values()))} functions")
