"""The desired side: manifest files, Jinja templates of YAML, read, rendered, parsed and checked."""
