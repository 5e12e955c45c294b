"""Signatures against the vendor's signer for Node: a second implementation, in another language.

RECONCILER_TEST_NODE names a folder in which `npm install @huaweicloud/huaweicloud-sdk-core` was run.
"""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.api.auth import AkSkAuth
from tests.api.test_signing import ACCESS_KEY, BOTH, GROUP, GROUPS, HOST, MOMENT, ROOMS, SECRET_KEY, call_of, never

PACKAGE = "@huaweicloud/huaweicloud-sdk-core"
FOLDER = os.environ.get("RECONCILER_TEST_NODE", "")
SCRIPT = f"""
const {{AKSKSigner}} = require("{PACKAGE}/auth/AKSKSigner");
const credential = {{getAk: () => "{ACCESS_KEY}", getSk: () => "{SECRET_KEY}"}};
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(one => AKSKSigner.sign(one, credential).Authorization)));
"""
LETTERS = "abcXYZ019-_.~ +&=/%?#*'()欢迎🎉é"


def lacking():
    """Return which piece of this witness is missing, empty where all are there."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not FOLDER:
        return f"RECONCILER_TEST_NODE names no folder with the npm package {PACKAGE}"
    if not (Path(FOLDER) / "node_modules" / PACKAGE).is_dir():
        return f"{FOLDER} lacks the npm package {PACKAGE}"
    return ""


def cases():
    """Return calls of every verb, with random queries, ids and bodies."""
    dice = random.Random("node")
    yield "GET", ROOMS, [("limit", "100"), ("offset", "0")], None
    for number in range(300):
        text = "".join(dice.choices(LETTERS, k=dice.randrange(1, 30)))
        yield "GET", GROUPS, [("group_name", text), ("limit", "100"), ("offset", str(number))], None
        yield "PUT", f"{GROUPS}/{GROUP}", [], {"group_name": text, "interaction_rules": [{"rule_name": text}]}
        yield dice.choice(["POST", "DELETE"]), f"{ROOMS}/{GROUP}", [], {"room_name": text} if number % 2 else None


@pytest.mark.deep
@pytest.mark.skipif(bool(lacking()), reason=lacking())
def test_the_signer_for_node_gives_the_same_signatures():
    ours, theirs = [], []
    for method, path, query, body in cases():
        content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        sent = AkSkAuth(ACCESS_KEY, SECRET_KEY).headers(call_of(method, path, query, content, BOTH), MOMENT, never)
        ours.append(sent["Authorization"])
        headers = {name.lower(): value for name, value in BOTH.items()}
        theirs.append(
            {
                "method": method,
                "endpoint": f"https://{HOST}{path}",
                "queryParams": dict(query),
                "headers": {**headers, "host": HOST, "X-Sdk-Date": sent["X-Sdk-Date"]},
                **({} if body is None else {"data": body}),
            }
        )
    done = subprocess.run(
        ["node", "-e", SCRIPT],
        input=json.dumps(theirs),
        capture_output=True,
        text=True,
        check=True,
        cwd=FOLDER,
        timeout=60,
    )
    assert json.loads(done.stdout) == ours
