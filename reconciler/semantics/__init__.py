"""Semantics of values for plan, apply and export: absence, defaults, equality, list keys, fingerprints."""
