"""The desired side: manifest files, Jinja templates of YAML, read, rendered, parsed and checked.

`load` is the door; it never raises for what stands in people's files: every problem is in the Manifest it returns.
"""

from reconciler.manifest.load import load

__all__ = ["load"]
