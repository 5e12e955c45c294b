"""Writers: apply one change through the API, an external command, or as a dry run."""
