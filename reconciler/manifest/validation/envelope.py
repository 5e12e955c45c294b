"""Envelope of a spec: apiVersion, kind and metadata, as pydantic models."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

API_VERSION = "metastudio/v1"

Label = Annotated[str, Field(max_length=128)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class IgnoreEntry(_Part):
    """A path whose differences are neither shown nor applied."""

    path: str = Field(min_length=1, max_length=512, description="As plans print it; `*` allowed.")
    reason: str | None = Field(default=None, max_length=512, description="Why, for the people who meet it later.")
    expires: str | None = Field(
        default=None, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="The day from which it no longer counts."
    )


class IgnoredLintEntry(_Part):
    """A lint that is not reported for this resource, or for one rule of it."""

    code: str = Field(pattern=r"^L_[A-Z_]{1,60}$", description="The code of the lint, such as L_RULE_TIE.")
    rule: str | None = Field(default=None, max_length=256, description="Only for the rule of this name.")
    reason: str | None = Field(default=None, max_length=512, description="Why, for later readers.")
    expires: str | None = Field(
        default=None, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="The day from which it no longer counts."
    )


class Lifecycle(_Part):
    """Lifecycle rules of the live object."""

    prevent_destroy: bool | None = Field(default=None, description="Never delete it, not even without its manifest.")
    ignore_changes: list[IgnoreEntry] | None = Field(default=None, description="Differences to leave alone.")
    ignore_lints: list[IgnoredLintEntry] | None = Field(default=None, description="Lints that are not reported.")


class Metadata(_Part):
    """Identity of the resource."""

    name: str = Field(description="The name of the live object, matched exactly.")
    id: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Pins the live object, where names repeat."
    )
    aliases: list[str] | None = Field(default=None, description="Earlier names: a rename is an update.")
    labels: dict[str, Label] | None = Field(default=None, description="For -l and reports; never sent.")
    lifecycle: Lifecycle | None = Field(default=None, description="What may happen to the live object.")


class Envelope(_Part):
    """One document."""

    apiVersion: Literal["metastudio/v1"] = Field(description="The version of this format.")  # noqa: N815 - Kubernetes' word
    kind: str = Field(description="The kind of resource.")
    metadata: Metadata = Field(description="Who it is.")
    # Any: pydantic cannot read the recursive Json
    spec: dict[str, Any] | None = Field(default=None, description="The API's own fields.")
