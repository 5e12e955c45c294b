"""From a pydantic model to the field table (the helpers a kind file is written with come with it)."""

from pydantic import BaseModel

from reconciler.kinds.table import Field


def compile_model(model: type[BaseModel]) -> Field:
    """Return the root Field of a spec model."""
    raise NotImplementedError(model)
