"""The JSON Schema of `reconciler.yaml`, from the models that validate it."""

from typing import Any

from reconciler.environment.project import ProjectFile


def project_schema() -> dict[str, Any]:
    """Return the project file's schema, 2020-12, for editors and other validators."""
    body = ProjectFile.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:reconciler:schemas/project.schema.json",
        **body,
        "title": "reconciler.yaml",
    }
