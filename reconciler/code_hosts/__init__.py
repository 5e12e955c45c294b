"""Pull and merge requests at GitHub and GitLab, and comments on them."""
