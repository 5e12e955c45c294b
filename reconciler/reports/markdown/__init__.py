"""Markdown for a comment on a pull or merge request, and for a step summary."""
