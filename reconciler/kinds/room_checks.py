"""Checks of rooms."""

CHECKS = ()
