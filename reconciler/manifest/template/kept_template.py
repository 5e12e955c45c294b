"""A rendered template as an entry of the cache holds it: its texts compressed, since they repeat what a loop wrote.

They are expanded where a position in them is asked for: documents that are known from the same run need none.
"""

import base64
from collections.abc import Mapping

from reconciler.manifest.template.renderer import RenderedTemplate, RenderedText, origins
from reconciler.model.json_types import Json, JsonObject, require_list, require_object, require_text

KnownTemplate = tuple[RenderedTemplate, Mapping[str, str]]
"""A rendered template, and the digests of the files that it asked for."""


def template_entry(made: RenderedTemplate, asked: Mapping[str, str]) -> JsonObject:
    """Return what an entry holds of a rendered template, and of the files that it asked for."""
    return {
        "asked": dict(asked),
        "template": {
            "file": made.file,
            "places": [list(place) for place in made.places],
            "texts": [base64.b64encode(text.compressed).decode("ascii") for text in made.texts],
        },
    }


def template_of(entry: Mapping[str, Json]) -> KnownTemplate:
    """Return what an entry holds. Raises ValueError, LookupError or TypeError for another shape."""
    kept, asked = require_object(entry["template"]), require_object(entry["asked"])
    places = [require_list(one) for one in require_list(kept["places"])]
    texts = [base64.b64decode(require_text(text), validate=True) for text in require_list(kept["texts"])]
    made = RenderedTemplate(
        file=require_text(kept["file"]),
        texts=[RenderedText.expanded_later(text) for text in texts],
        places=origins(places),
    )
    return made, {name: require_text(digest) for name, digest in asked.items()}
