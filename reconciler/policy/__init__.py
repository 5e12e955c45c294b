"""Rules that an environment must meet."""
