"""Renders templates in a confined process and records the origin of each character."""
