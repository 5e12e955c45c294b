"""Documents to declared resources."""
