"""Plan files: format, schema, saved plans and the checks for staleness."""
