"""Text for a terminal, with Terraform's reading habits."""
