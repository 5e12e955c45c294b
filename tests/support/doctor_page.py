"""The transcript in docs/how-to/doctor.md; `python -m tests.support.doctor_page` writes it anew.

It is a run of `doctor --probe-writes -vv` against the simulator, with random names and ids replaced.
"""

import re
import sys
import tempfile
from pathlib import Path

from tests.support.command_line import ROOT
from tests.support.probing import OWN, SEED, WRITES, doctor

PAGE = ROOT / "docs/how-to/doctor.md"
_BLOCK = re.compile(r"(?<=^```text\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)


def transcript() -> str:
    """Return what a run prints on stderr, each name, id and size as a placeholder."""
    with tempfile.TemporaryDirectory() as folder:
        run = doctor(Path(folder) / "project", SEED, *WRITES, "-vv")
    assert run.code == 0, run.err
    text = run.err.replace(f"http://localhost/v1/{OWN}/", "/").replace(OWN, "PROJECT_ID")
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"(reconciler-doctor-)[0-9a-f]{15}\b", r"\1<random, cut short>", text)
    text = re.sub(r"(reconciler-doctor-)[0-9a-f]{16}\b", r"\1<random>", text)
    text = re.sub(r"clock of the service: \S+ s", "clock of the service: 0 s", text)
    return re.sub(r", \d+ bytes", "", text)


def renewed(page: str) -> str:
    """Return the page with the transcript as it is now."""
    return _BLOCK.sub(lambda _: transcript(), page)


if __name__ == "__main__":
    written = renewed(PAGE.read_text(encoding="utf-8"))
    sys.stdout.write(f"{PAGE}: {PAGE.write_text(written, encoding='utf-8')} characters\n")
