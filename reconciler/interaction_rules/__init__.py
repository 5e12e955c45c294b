"""What interaction rules do: events, matching, evaluation, lints, tests and replays (docs/api/rules.md).

The service documents the data of a rule and little of its engine. Every reading that the documents leave open is a
named setting (`settings`); a result that turns on one names it.
"""
