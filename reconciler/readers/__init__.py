"""Where live comes from: the API (`http`) or a saved live state (`snapshot`); both are ports.Reader."""
