"""Where the files of a project come from: the disk, or a commit."""
