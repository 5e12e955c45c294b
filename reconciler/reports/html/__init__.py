"""Self-contained HTML page for a plan, an audit or an apply."""
