"""Templates rendered in a confined process, each character with its origin."""
