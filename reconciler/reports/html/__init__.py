"""One self-contained HTML page for people who would rather look: a plan, an audit, an apply."""
