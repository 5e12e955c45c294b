"""Faults that a seed file declares."""
