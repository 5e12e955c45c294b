"""Checks of rules."""

CHECKS = ()
