"""Readers of the live side: the API (`http`) or a saved live state (`snapshot`); both implement `interfaces.Reader`."""
