"""Applies a plan: lock, intents, writes, read-back, recovery."""
