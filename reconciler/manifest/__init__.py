"""Desired state: manifest files and Jinja templates of YAML are read, rendered, parsed and validated."""
