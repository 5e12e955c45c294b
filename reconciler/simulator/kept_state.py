"""What the state file of a simulator holds, as strict models."""

from collections.abc import Callable
from typing import Any, NoReturn

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from reconciler.model.json_types import Json


class _StateModel(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class KeptObject(_StateModel):
    """One object: its body as stored, the number of its creation, of its writes, and who created it."""

    serial: int = Field(ge=0)
    revision: int = Field(ge=0)
    origin: str
    body: dict[str, Any]  # pydantic cannot read the recursive Json


class KeptCollection(_StateModel):
    """The objects of one kind in one project, and the number of creations so far."""

    project: str
    kind: str
    serial: int = Field(ge=0)
    objects: list[KeptObject]


class KeptState(_StateModel):
    """What a state file holds."""

    format: str
    now: AwareDatetime
    collections: list[KeptCollection]


def kept_state(data: Json, refuse: Callable[[str], NoReturn]) -> KeptState:
    """Return the state that a file holds; another content is refused, with the place of its first problem."""
    try:
        return KeptState.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        refuse(f"{where}: {first['msg']}")
