"""The path, written once: desired and live in, plan and outcomes out."""
