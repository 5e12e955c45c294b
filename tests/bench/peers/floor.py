"""The least any plan must do, as a process of its own: libyaml's events of the same text, json.loads of the same pages,
and one comparison of the two sides.

    python -m tests.bench.peers.floor SEED MANIFEST...
"""

import json
import sys
from pathlib import Path

import yaml


def main(seed: str, *manifests: str) -> None:
    """Do the least."""
    for file in manifests:
        with open(file, encoding="utf-8") as stream:
            for _ in yaml.parse(stream, Loader=yaml.CLoader):
                pass
    text = Path(seed).read_text(encoding="utf-8")
    pages, again = json.loads(text), json.loads(text)
    if pages != again:
        raise SystemExit("json.loads is not a function")


if __name__ == "__main__":
    main(*sys.argv[1:])
