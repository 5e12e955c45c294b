"""Text for a terminal, laid out as in Terraform."""
