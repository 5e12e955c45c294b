"""Assertions that an environment must satisfy."""
