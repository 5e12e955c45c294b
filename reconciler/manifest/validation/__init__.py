"""Converts documents to declared resources."""
