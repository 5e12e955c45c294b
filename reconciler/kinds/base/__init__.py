"""Building blocks of a kind: fields, endpoints, conditions."""
