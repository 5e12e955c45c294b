"""What values mean: absence and defaults, equality, list keys, fingerprints. Plan, apply and export ask here."""
