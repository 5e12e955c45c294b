"""Interaction rules: events, matching, evaluation, lints, tests and replays (docs/api/rules.md).

The service documents the data of a rule and little of its engine. Each interpretation that the documents leave open is
a named setting (`settings`); a result that depends on one names it.
"""
