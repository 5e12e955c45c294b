"""Envelope of a spec: apiVersion, kind and metadata, as models."""

from typing import Annotated, Any, Literal

from reconciler.kinds.base.field_builders import SpecModel, choice, flag, item_text, items, nested_object, text

API_VERSION = "metastudio/v1"

Label = Annotated[str, item_text(max=128)]


class IgnoreEntry(SpecModel):
    """A path whose differences are neither shown nor applied."""

    path: str = text(1, 512, required=True, doc="As plans print it; `*` allowed.")
    reason: str | None = text(max=512, doc="Why, for the people who meet it later.")
    expires: str | None = text(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", doc="The day from which it no longer counts.")


class IgnoredLintEntry(SpecModel):
    """A lint that is not reported for this resource, or for one rule of it."""

    code: str = text(pattern=r"^L_[A-Z_]{1,60}$", required=True, doc="The code of the lint, such as L_RULE_TIE.")
    rule: str | None = text(max=256, doc="Only for the rule of this name.")
    reason: str | None = text(max=512, doc="Why, for later readers.")
    expires: str | None = text(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", doc="The day from which it no longer counts.")


class Lifecycle(SpecModel):
    """Lifecycle rules of the live object."""

    prevent_destroy: bool | None = flag(doc="Never delete it, not even without its manifest.")
    ignore_changes: list[IgnoreEntry] | None = items(doc="Differences to leave alone.")
    ignore_lints: list[IgnoredLintEntry] | None = items(doc="Lints that are not reported.")


class Metadata(SpecModel):
    """Identity of the resource."""

    name: str = text(required=True, doc="The name of the live object, matched exactly.")
    id: str | None = text(pattern=r"^[A-Za-z0-9_-]{1,64}$", doc="Pins the live object, where names repeat.")
    aliases: list[str] | None = items(doc="Earlier names: a rename is an update.")
    labels: dict[str, Label] | None = nested_object(doc="For -l and reports; never sent.")
    lifecycle: Lifecycle | None = nested_object(doc="What may happen to the live object.")


class Envelope(SpecModel):
    """One document."""

    apiVersion: Literal["metastudio/v1"] = choice(required=True, doc="The version of this format.")  # noqa: N815 - Kubernetes' word
    kind: str = text(required=True, doc="The kind of resource.")
    metadata: Metadata = nested_object(required=True, doc="Who it is.")
    # Any: pydantic cannot read the recursive Json
    spec: dict[str, Any] | None = nested_object(doc="The API's own fields.")
