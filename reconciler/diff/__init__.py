"""What differs between declared and live, and why: pure functions on plain data."""
