"""The API gateway: authentication and request limits."""
