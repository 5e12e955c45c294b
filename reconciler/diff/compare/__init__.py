"""Compares a declared value with a live one."""
