"""The same shop for Terraform: `terraform_data` resources of its built-in provider, no network."""

import shutil
import subprocess
from pathlib import Path

import yaml

from tests.bench.peers.shop import Objects

_MAIN = """\
locals {
  rooms  = yamldecode(file("${path.module}/rooms.yaml"))
  groups = yamldecode(file("${path.module}/groups.yaml"))
}
resource "terraform_data" "room" {
  for_each = local.rooms
  input    = each.value
}
resource "terraform_data" "group" {
  for_each = local.groups
  input    = each.value
}
"""


def terraform() -> str:
    """Return the program, or an empty text where it is not here."""
    return shutil.which("terraform") or ""


def write(folder: Path, rooms: Objects, groups: Objects) -> None:
    """Write the configuration and its data."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(_MAIN, encoding="utf-8")
    for name, objects in (("rooms.yaml", rooms), ("groups.yaml", groups)):
        with (folder / name).open("w", encoding="utf-8") as stream:
            yaml.dump(objects, stream, Dumper=yaml.CSafeDumper)


def apply(folder: Path) -> None:
    """Bring Terraform's state to what is declared."""
    for words in (["init", "-input=false"], ["apply", "-auto-approve", "-input=false"]):
        subprocess.run([terraform(), *words], cwd=folder, check=True, capture_output=True)


def plan_command() -> list[str]:
    """Return the command that plans."""
    return [terraform(), "plan", "-input=false", "-lock=false"]
