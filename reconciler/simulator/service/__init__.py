"""The simulated service."""
