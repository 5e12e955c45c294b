"""Parses YAML text to documents in which every key and item has its position."""
