"""A second evaluator, written from docs/api/rules.md alone (§2, §3, §5, §5.1, §5.2), to compare the package's with.

It is slow and plain on purpose. It knows one way to walk the rules, asks `choose` wherever a setting is undefined or a
condition is not known, and is run once for every sequence of answers. What it remembers of earlier events is the whole
history; every window, counter and aggregate is counted anew from that. Rules and events are JSON as on the wire.
"""

import itertools
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from fractions import Fraction

SETTINGS = {
    "dispatch": ("first", "all", "top-band"),
    "tie": ("undefined", "declared-order", "reverse"),
    "suppressed": ("falls-through", "consumes"),
    "reserved": ("last-resort", "in-priority-order"),
    "window_scope": ("rule", "viewer", "room"),
    "window_start": ("last-fire", "fixed-slots", "last-match"),
    "window_edge": ("closed", "open"),
    "event_order": ("array", "timestamp"),
    "regex_mode": ("search", "full"),
    "regex_engine": ("portable", "java", "re2", "python"),
    "regex_case": ("sensitive", "insensitive"),
    "text_normalize": ("none", "trim", "nfkc"),
    "tag_path": ("leaf", "top-then-user-gift", "dotted-too"),
    "missing_key": ("no-match", "empty-string", "rule-error"),
    "math_on_text": ("no-match", "coerce"),
    "equal_on_number": ("canonical-text", "no-match", "numeric"),
    "absent_relation": ("and", "or", "never"),
    "empty_tags": ("undefined", "always", "never"),
    "aggregate_span": ("undefined", "whole-live", "time-window", "batch"),
    "aggregate_scope": ("room", "viewer"),
    "aggregate_reset": ("never", "on-fire"),
    "order_counter": ("per-rule", "per-room"),
    "reply_source": ("undefined", "texts", "audios", "both"),
    "absent_order": ("order", "random"),
    "absent_window": ("undefined", "every-time", "once"),
    "play_type_wins": ("rule", "room"),
    "library_order": ("one-pool", "per-library"),
}
OF_A_COMPARISON = (
    "regex_mode",
    "regex_case",
    "text_normalize",
    "tag_path",
    "missing_key",
    "math_on_text",
    "equal_on_number",
    "aggregate_span",
    "aggregate_scope",
    "aggregate_reset",
)
MISSING = object()
ERROR = object()
SILENT = ((), (), ())


class Chooser:
    """Answers each question in turn, by a prepared sequence and then by the first choice."""

    def __init__(self, prepared):
        self.prepared, self.asked = prepared, []

    def __call__(self, options):
        options = list(options)
        if len(options) == 1:
            return options[0]
        place = len(self.asked)
        picked = self.prepared[place] if place < len(self.prepared) else 0
        self.asked.append((picked, len(options)))
        return options[picked]


def every_way(function):
    """Run a function of a chooser once for each sequence of answers; return the set of results."""
    results, prepared = set(), []
    while True:
        chooser = Chooser(prepared)
        results.add(function(chooser))
        asked = chooser.asked
        while asked and asked[-1][0] + 1 == asked[-1][1]:
            asked.pop()
        if not asked:
            return results
        prepared = [picked for picked, _ in asked[:-1]] + [asked[-1][0] + 1]


def naive_outcomes(rules, events, settings, most=3_000):
    """Return for each event the set of (fires, suppressed, replies) under one reading; None past `most` histories."""
    orders = [settings["event_order"]] if settings["event_order"] != "undefined" else ["array", "timestamp"]
    found = [set() for _ in events]
    for order in orders:
        places = list(range(len(events)))
        if order == "timestamp":
            places.sort(key=lambda place: events[place]["timestamp"])
        histories = {()}
        for number, place in enumerate(places):
            seen = [events[earlier] for earlier in places[: number + 1]]
            after = set()
            for history in histories:
                walk = Walk(rules, seen, history, settings)
                after |= every_way(walk.play)
            if len(after) > most:
                return None
            found[place] |= {outcome for outcome, _ in after}
            histories = {history for _, history in after}
    return found


def naive_results(rules, events, settings, assumed, most=3_000):
    """Return for each event (outcomes, the settings it depends on), each other alternative swapped in alone."""
    base = naive_outcomes(rules, events, settings, most)
    if base is None:
        return None
    outcomes, depends = [set(one) for one in base], [set() for _ in events]
    for name, alternatives in SETTINGS.items():
        for value in {*alternatives, "undefined"} - {settings[name]}:
            if name in assumed:
                continue
            swapped = naive_outcomes(rules, events, {**settings, name: value}, most)
            if swapped is None:
                return None
            for place, one in enumerate(swapped):
                outcomes[place] |= one
                if {(fires, replies) for fires, _, replies in one} != {(f, r) for f, _, r in base[place]}:
                    depends[place].add(name)
    return list(zip(outcomes, depends, strict=True))


class Walk:
    """One event (the last of those seen) after one history: rows of (what, rule's place, event's place in time)."""

    def __init__(self, rules, seen, history, settings):
        self.rules, self.seen, self.history, self.settings = rules, seen, history, settings
        self.event, self.now = seen[-1], len(seen) - 1

    def alternatives(self, name):
        value = self.settings[name]
        return [one for one in SETTINGS[name] if one != "undefined"] if value == "undefined" else [value]

    def play(self, choose):
        """Return what happens, and the history after it."""
        self.choose, self.fired, self.quiet, self.said, self.rows = choose, [], [], [], []
        dispatch, reserved = choose(self.alternatives("dispatch")), choose(self.alternatives("reserved"))
        libraries = choose(self.alternatives("library_order"))
        left = [place for place, rule in enumerate(self.rules) if self.concerned(rule)]
        band = None
        while left:
            best = min(self.rank(place, reserved, libraries) for place in left)
            level = [place for place in left if self.rank(place, reserved, libraries) == best]
            order = self.settings["tie"]
            place = choose(level) if order == "undefined" else (min if order == "declared-order" else max)(level)
            left.remove(place)
            if band is not None and best != band:
                break
            fallback = relation(self.rules[place]) == "RESERVED" and reserved == "last-resort"
            if fallback and self.fired:
                break
            if not choose(self.holds(place)):
                continue
            if self.is_open(place):
                self.fire(place)
                if dispatch == "first":
                    break
                if dispatch == "top-band":
                    band = best
            else:
                self.quiet.append(place)
                self.rows.append(("matched", place, self.now))
                if choose(self.alternatives("suppressed")) == "consumes":
                    break
        names = [tuple(self.rules[place]["rule_name"] for place in places) for places in (self.fired, self.quiet)]
        return (names[0], names[1], tuple(self.said)), (*self.history, *self.rows)

    def concerned(self, rule):
        return rule.get("enabled") is not False and rule["event_type"] == self.event["type"]

    def rank(self, place, reserved, libraries):
        rule = self.rules[place]
        last = reserved == "last-resort" and relation(rule) == "RESERVED"
        known = list(dict.fromkeys(one.get("group_name", "") for one in self.rules))
        library = known.index(rule.get("group_name", "")) if libraries == "per-library" else 0
        return last, library, rule["hit_condition"].get("priority", 500)

    # Conditions

    def holds(self, place):
        """Return what the condition may come to."""
        rule = self.rules[place]
        here = {True} if "enabled_scenes" not in rule else {True, False}
        return sorted({one and there for one in self.hits(place) for there in here}, reverse=True)

    def hits(self, place):
        rule = self.rules[place]
        joined, tags = relation(rule), rule["hit_condition"].get("tags", [])
        if joined == "RESERVED":
            return {True}
        joins = [joined.lower()] if joined else self.alternatives("absent_relation")
        found = set()
        for join in joins:
            if join == "never":
                found.add(False)
            elif not tags:
                found |= {one == "always" for one in self.alternatives("empty_tags")}
            else:
                for verdicts in itertools.product(*(self.verdicts(place, tag) for tag in tags)):
                    held = [verdict is True for verdict in verdicts]
                    found.add(ERROR not in verdicts and (all(held) if join == "and" else any(held)))
        return found

    def verdicts(self, place, tag):
        """Return everything one tag may come to: true, false, an error of the whole rule."""
        readings = itertools.product(*(self.alternatives(name) for name in OF_A_COMPARISON))
        return {
            verdict
            for one in readings
            for verdict in self.verdict(place, tag, dict(zip(OF_A_COMPARISON, one, strict=True)))
        }

    def verdict(self, place, tag, reading):
        if tag.get("operation", "NONE") != "NONE":
            value = self.aggregate(place, tag, reading)
        else:
            value = resolve(self.event["content"], tag["tag"], reading["tag_path"])
        if value is MISSING and reading["missing_key"] != "empty-string":
            return {ERROR if reading["missing_key"] == "rule-error" else False}
        value = "" if value is MISSING else value
        if tag["match"] == "REGEX" and "\\" in tag["value"] and "portable" in self.alternatives("regex_engine"):
            return {True, False}
        return {compares(tag, value, reading)}

    def aggregate(self, place, tag, reading):
        window = self.rules[place]["trigger"].get("time_window")
        since = -1
        if reading["aggregate_reset"] == "on-fire":
            for what, rule, when in self.history:
                same = reading["aggregate_scope"] == "room" or viewer(self.seen[when]) == viewer(self.event)
                if what == "fired" and rule == place and same:
                    since = max(since, when)
        samples = []
        for when, event in enumerate(self.seen):
            if event["type"] != self.event["type"] or when <= since:
                continue
            if reading["aggregate_scope"] == "viewer" and viewer(event) != viewer(self.event):
                continue
            if reading["aggregate_span"] == "batch" and event["batch"] != self.event["batch"]:
                continue
            spanned = reading["aggregate_span"] == "time-window" and (window or 0) > 0
            if spanned and not 0 <= self.event["timestamp"] - event["timestamp"] <= window * 1000:
                continue
            value = resolve(event["content"], tag["tag"], reading["tag_path"])
            if value is MISSING:
                continue
            if tag["operation"] == "COUNT":
                samples.append(1)
            elif (number := numeric(value, reading)) is not None:
                samples.append(number)
        if not samples and tag["operation"] != "COUNT":
            return MISSING
        total = Fraction(sum(map(Fraction, samples)))
        return total / len(samples) if tag["operation"] == "AVG" else total

    # Windows

    def is_open(self, place):
        rule = self.rules[place]
        window = rule["trigger"].get("time_window")
        if window is None:
            window = 0 if self.choose(self.alternatives("absent_window")) == "every-time" else -1
        if window == 0:
            return True
        scope = self.choose(self.alternatives("window_scope"))
        if window == -1:
            return not self.counted(place, "fired", "rule" if scope == "room" else scope)
        start = self.choose(self.alternatives("window_start"))
        rows = self.counted(place, "fired", scope)
        if start == "last-match":
            rows = [*rows, *self.counted(place, "matched", scope)]
        if not rows:
            return True
        last = self.seen[max(rows)]["timestamp"]
        now, length = self.event["timestamp"], window * 1000
        if start == "fixed-slots":
            return last // length != now // length
        if self.choose(self.alternatives("window_edge")) == "closed":
            return now - last > length
        return now - last >= length

    def counted(self, place, what, scope):
        """Return when (in the order of play) something happened that a window of this scope looks at."""
        return [
            when
            for kind, rule, when in (*self.history, *self.rows)
            if kind == what
            and (scope == "room" or rule == place)
            and (scope != "viewer" or viewer(self.seen[when]) == viewer(self.event))
        ]

    # Replies

    def fire(self, place):
        rule = self.rules[place]
        self.fired.append(place)
        self.rows.append(("fired", place, self.now))
        trigger = rule["trigger"]
        texts = trigger.get("reply_texts", []) if trigger["reply_mode"].startswith("SYSTEM_REPLY") else []
        source = self.choose(self.alternatives("reply_source")) if texts and trigger.get("reply_audios") else "texts"
        if not texts or source == "audios":
            self.said.append(())
            return
        order = trigger.get("reply_order") or self.choose(self.alternatives("absent_order")).upper()
        if order == "RANDOM":
            self.said.append(tuple(texts))
            return
        counter = self.choose(self.alternatives("order_counter"))
        said = [
            row
            for row in (*self.history, *self.rows)
            if row[0] == ("said" if counter == "per-room" else "fired") and (counter == "per-room" or row[1] == place)
        ]
        number = len(said) if counter == "per-room" else len(said) - 1
        self.rows.append(("said", place, self.now))
        self.said.append((texts[number % len(texts)],))


def relation(rule):
    return (rule["hit_condition"].get("relation") or "").upper()


def viewer(event):
    return event["content"].get("user", {}).get("userId")


def resolve(content, name, path):
    if path == "top-then-user-gift":
        for place in (content, content.get("user", {}), content.get("gift", {})):
            if name in place and not isinstance(place[name], (dict, list)) and place[name] is not None:
                return place[name]
        return MISSING
    level = [content]
    while level:
        for place in level:
            if name in place and not isinstance(place[name], (dict, list)) and place[name] is not None:
                return place[name]
        level = [inside for place in level for inside in place.values() if isinstance(inside, dict)]
    if path == "dotted-too" and "." in name:
        value = content
        for part in name.split("."):
            value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
        return MISSING if value is None or isinstance(value, (dict, list)) else value
    return MISSING


def as_number(text):
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def numeric(value, reading):
    if isinstance(value, str):
        return as_number(value.strip()) if reading["math_on_text"] == "coerce" else None
    return value


def canonical(value):
    if isinstance(value, str):
        return value
    if Fraction(value).denominator == 1:
        return str(int(value))
    return str(float(value))


def normalized(text, how):
    return text.strip() if how == "trim" else unicodedata.normalize("NFKC", text) if how == "nfkc" else text


def compares(tag, value, reading):
    text = value if isinstance(value, str) else None
    if tag["match"] == "EQUAL":
        if text is not None:
            return normalized(text, reading["text_normalize"]) == tag["value"]
        if reading["equal_on_number"] == "no-match":
            return False
        if reading["equal_on_number"] == "numeric":
            bound = as_number(tag["value"])
            return bound is not None and Fraction(bound) == Fraction(value)
        return canonical(value) == tag["value"]
    if tag["match"] == "REGEX":
        flags = re.IGNORECASE if reading["regex_case"] == "insensitive" else 0
        pattern = re.compile(tag["value"], flags)
        how = pattern.search if reading["regex_mode"] == "search" else pattern.fullmatch
        return bool(how(normalized(canonical(value), reading["text_normalize"])))
    number, bound = numeric(value, reading), as_number(tag["value"])
    if number is None or bound is None:
        return False
    left, right = Fraction(number), Fraction(bound)
    return {
        "MATH_GT": left > right,
        "MATH_GE": left >= right,
        "MATH_LT": left < right,
        "MATH_LE": left <= right,
        "MATH_EQ": left == right,
    }[tag["match"]]
