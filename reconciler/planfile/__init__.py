"""Plans as files: format, schema, saved plans and what of them is stale."""
