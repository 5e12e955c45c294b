"""Faults that a seed file orders."""
