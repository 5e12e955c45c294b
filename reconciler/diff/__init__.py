"""Differences between declared and live objects and their causes: pure functions on plain data."""
