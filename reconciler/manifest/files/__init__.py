"""Sources of a project's files: the disk, or a commit."""
