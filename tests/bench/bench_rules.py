"""Rules over recordings of comments: processor seconds and the process's peak memory, each in one of its own.

500 keyword rules over 100,000 comments, and over a tenth of them: the cost must be linear in events. `re` per rule is a
loop over compiled patterns on a sample, scaled up. A reading with every swap is what `test` and `replay` play. Last,
200 hostile patterns, `(a+)+$` among them: the longest single call.
"""

import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.bench.results import Ratio, Row

RULES, COMMENTS, SAMPLE = 500, 100_000, 1_000


def run() -> list[Row]:
    """Measure each in a process of its own."""
    whole, tenth = _measured("one", str(COMMENTS)), _measured("one", str(COMMENTS // 10))
    loop, swaps, hostile = _measured("re", str(SAMPLE)), _measured("swaps", "5000"), _measured("hostile", "0")
    growth = (whole["cpu"] - tenth["cpu"]) / (0.9 * COMMENTS) * COMMENTS / max(whole["cpu"], 0.001)
    return [
        _row(f"{RULES} rules × {COMMENTS:,} comments, one reading", whole, "at most 3 s and 300 MB"),
        _row(
            f"{RULES} rules × {COMMENTS // 10:,} comments", tenth, Ratio(growth, "share that grows with events: {:.2f}")
        ),
        _row(
            f"`re` per rule, {SAMPLE:,} comments",
            loop,
            Ratio(loop["cpu"] * COMMENTS / SAMPLE / whole["cpu"], "{:.1f} × ours, scaled up"),
        ),
        _row(f"{RULES} rules × 5,000 comments, every swap", swaps, ""),
        _row("200 hostile patterns", hostile, f"longest call {hostile['longest'] * 1000:.1f} ms; at most 100"),
    ]


def _row(what: str, found: dict[str, float], note: str) -> Row:
    return {"what": what, "CPU s": f"{found['cpu']:.2f}", "peak MB": f"{found['peak']:.0f}", "": note}


def _measured(what: str, size: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.bench_rules", what, size]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def keywords() -> list[str]:
    """Return the patterns of the rules: console-like keywords joined by bars."""
    chance = random.Random(1)
    return ["|".join(f"词{chance.randrange(5_000)}" for _ in range(3)) for _ in range(RULES)]


def comments(count: int) -> list[str]:
    """Return comments of which about a fifth hold a keyword."""
    chance = random.Random(2)
    return [
        f"这个{'词' if chance.random() < 0.2 else '字'}{chance.randrange(5_000)} 多少钱 {number}"
        for number in range(count)
    ]


def _evaluated(count: int, *, swaps: bool) -> float:
    from reconciler.interaction_rules.evaluator import evaluate, run_outcomes
    from reconciler.interaction_rules.event import LiveEvent
    from reconciler.interaction_rules.prepared_rule import prepare_rules
    from reconciler.interaction_rules.settings import Semantics

    rules = [
        {
            "rule_name": f"r{number}",
            "event_type": 1,
            "hit_condition": {
                "relation": "AND",
                "priority": number,
                "tags": [{"tag": "content", "match": "REGEX", "value": value}],
            },
            "trigger": {
                "time_window": 30,
                "reply_mode": "SYSTEM_REPLY",
                "reply_order": "ORDER",
                "reply_texts": ["a", "b"],
            },
        }
        for number, value in enumerate(keywords())
    ]
    events = [
        LiveEvent(index=number, timestamp=number * 500, type=1, content={"user": {"userId": "u"}, "content": text})
        for number, text in enumerate(comments(count))
    ]
    start = time.process_time()
    (evaluate if swaps else run_outcomes)(prepare_rules(rules), events, Semantics.assume({}))
    return time.process_time() - start


def _loop(count: int) -> float:
    patterns = [re.compile(value) for value in keywords()]
    texts = comments(count)
    start = time.process_time()
    for text in texts:
        for pattern in patterns:
            pattern.search(text)
    return time.process_time() - start


def hostile_patterns() -> list[str]:
    """Return patterns that take exponential or polynomial time, or much memory, in engines that go back."""
    cores = (
        "(a+)+",
        "(a*)*",
        "(a|a)+",
        "(a|aa)+",
        "(.*a){20}",
        "(a?){50}a{50}",
        "((a{1,100}){1,10}){1,10}",
        "(.*)(.*)(.*)(.*)",
    )
    ends = (
        "$",
        "b$",
        "!",
        "[^a]$",
        "\\b$",
        "(?=b)",
        "\\1",
        "c",
        "{1000}",
        "{2,}",
        "+$",
        "*$",
        "?$",
        "|b",
        "^",
        "{9999}",
    )
    starts = ("", "^", "(?i)")
    found = [f"{start}{core}{end}" for core in cores for end in ends for start in starts]
    return ["(a+)+$", *found[:199]]


def _hostile() -> float:
    from reconciler.interaction_rules.regex_engine import pattern_verdict

    longest = 0.0
    for pattern in hostile_patterns():
        for engine in ("portable", "re2"):
            start = time.process_time()
            pattern_verdict(pattern, "a" * 4_095 + "!", mode="search", engine=engine, case="sensitive")
            longest = max(longest, time.process_time() - start)
    return longest


def main(what: str, count: int) -> dict[str, float]:
    """Do one thing in this process and tell what it cost."""
    start, longest = time.process_time(), 0.0
    if what == "hostile":
        longest = _hostile()
        cpu = time.process_time() - start
    else:
        cpu = _loop(count) if what == "re" else _evaluated(count, swaps=what == "swaps")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": cpu, "peak": peak, "longest": longest}


def _from_arguments(arguments: Sequence[str]) -> str:
    return json.dumps(main(arguments[0], int(arguments[1])))


if __name__ == "__main__":
    print(_from_arguments(sys.argv[1:]))
