"""Probes of `doctor`: they measure what the service does where its documentation leaves it open."""
