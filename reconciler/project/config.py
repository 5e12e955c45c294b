"""Keys of `reconciler.yaml`, from which the validator and the JSON Schema are made.

An unknown key is an error. No key holds a secret, selects a writer, or disables a check.
"""

import re
from collections.abc import Mapping
from dataclasses import field
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

from reconciler.errors import UsageError
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import PROJECT_FILE
from reconciler.manifest.files.state_files import outside_state_folder_reason
from reconciler.model.ledger_state import ProjectIdentity
from reconciler.model.source_map import DocumentPath, Position
from reconciler.project.config_model import Checked, ConfigModel, key
from reconciler.strings import did_you_mean
from reconciler.timestamps import parse_date

FILE = PROJECT_FILE
"""Name of the project file."""

SIMULATOR = "simulator:"
"""Prefix of an endpoint that is the embedded simulator, seeded from the file after it."""

_SQLITE = "sqlite:///"

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that permit plain http; they get no credentials unless the operator lists the origin."""


def _as_typed(value: object) -> object:
    """Return a plain scalar in a text field as typed: `010` and `true` are text there."""
    return str(value).lower() if isinstance(value, (int, bool)) else value


def _number(value: object) -> object:
    """Return a number with a point, which is text until its field is known."""
    return float(value) if isinstance(value, str) and re.fullmatch(r"[0-9]+\.[0-9]+", value) else value


Text = Annotated[str, Checked(before=_as_typed)]
Rate = Annotated[float, Checked(before=_number, gt=0, le=1000)]
ProjectPath = Annotated[Text, Checked(min_length=1, max_length=1024)]
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Name = Annotated[Text, Checked(pattern=NAME_PATTERN)]


def _ledger_file_reason(url: str) -> str:
    """Return why a project file may not keep its ledger at a `sqlite:` URL, or empty; the operator may use any path."""
    if not url.startswith(_SQLITE) or re.search("[%?#:]", url.removeprefix(_SQLITE)):
        return f"must be written as {_SQLITE}.reconciler/ledger.db"
    return outside_state_folder_reason(url.removeprefix(_SQLITE))


def scope_fields() -> tuple[str, ...]:
    """Return the fields by whose value an environment may choose objects, of all kinds, sorted."""
    return tuple(sorted({name for kind in all_kinds().values() for name in kind.scope_fields}))


def _scope_field(name: str) -> str:
    known = scope_fields()
    if name not in known:
        raise ValueError(f"must name a scope field ({', '.join(known)}), not {name}")
    return name


@dataclass(frozen=True, kw_only=True)
class ScopeKeys(ConfigModel):
    """Which objects an environment manages; a manifest outside of it is an error."""

    name_prefix: Text = key("", description="Only objects whose name starts with this are managed.")
    fields: dict[Annotated[Text, Checked(after=_scope_field)], Annotated[list[Text], Checked(min_length=1)]] = key(
        {}, description="Only objects with one of these values in a field are managed: `{room_type: [NORMAL]}`."
    )

    @property
    def values_by_field(self) -> dict[str, frozenset[str]]:
        """The values that are inside, by field."""
        return {name: frozenset(values) for name, values in self.fields.items()}


@dataclass(frozen=True, kw_only=True)
class ThrottleKeys(ConfigModel):
    """Requests a second this environment may cost; defaults are the service's published limits."""

    reads: Rate = key(5.0, description="Reads a second.")
    writes: Rate = key(1.0, description="Writes a second.")


@dataclass(frozen=True, kw_only=True)
class SimulatorKeys(ConfigModel):
    """The embedded simulator: what it holds at first, and where it keeps what became of that."""

    seed: ProjectPath = key(description="The file with its first objects and its behaviour.")
    state: Text = key(
        "",
        max_length=1024,
        description="A file below .reconciler/ that keeps its objects between runs; without it they end with the run.",
    )


@dataclass(frozen=True, kw_only=True)
class AssertKeys(ConfigModel):
    """A rule of health: a finding for each live object for which the expression is not true."""

    kind: Text = key("", description="The kind it looks at; empty looks at all.")
    that: Text = key(min_length=1, max_length=2000, description="A Jinja expression over `resource`.")
    message: Text = key("", description="What to say when it does not hold.")
    severity: Literal["error", "warning", "note"] = key("warning", description="How much it matters.")


@dataclass(frozen=True, kw_only=True)
class Environment(ConfigModel):
    """A named place: where its live side is, what is ours there, and how carefully it is treated."""

    endpoint: Text = key("", description="`simulator:FILE`, or the address of the API; else `region` says.")
    simulator: SimulatorKeys | None = key(
        None, description="In place of `endpoint`: a simulated API, with objects that last between runs."
    )
    region: Text = key("", pattern=r"^([a-z]{2,3}-[a-z]+-[0-9]+)?$", description="Region such as cn-north-4.")
    project_id: Text = key("", pattern=r"^[A-Za-z0-9_-]{0,64}$", description="The Huawei Cloud project id.")
    auth: Literal["aksk", "token", "password", "none"] | None = key(
        None,
        description="How requests are authorised; by default aksk, none on loopback (see RECONCILER_ALLOWED_HOSTS).",
    )
    credentials_prefix: Text = key(
        "", pattern=r"^([A-Z][A-Z0-9_]{0,30})?$", description="Put before each credential variable's name."
    )
    app_user_id: Text = key("", max_length=64, description="Sent as X-App-UserId; part of the ledger scope.")
    values: list[ProjectPath] = key([], description="Values files of this environment; later ones win.")
    ledger: Text = key(
        "",
        description="Where applied state is kept: sqlite:///.reconciler/FILE, or postgresql://… on an allowed host.",
    )
    prune: Literal["none", "owned"] = key("none", description="Whether owned objects without manifest go.")
    scope: ScopeKeys = key(ScopeKeys(), description="What this environment looks after.")
    throttle: ThrottleKeys | None = key(None, description="Requests a second; none on loopback by default.")
    protect: list[Text] = key([], description="Address patterns that are never deleted.")
    expires: Text = key("", description="A date (YYYY-MM-DD) from which the environment is to be removed.")
    assertions: list[AssertKeys] = key([], alias="assert", description="Rules of health for audits.")
    cache: Text = key("", description="A file below .reconciler/ that keeps objects already read, for audits.")

    def check(self) -> None:
        """Raise ValueError where the environment cannot be reached, or keeps a file elsewhere."""
        if self.simulator is not None and self.endpoint:
            raise ValueError("says both `endpoint` and `simulator`")
        if not self.endpoint and not self.region and self.simulator is None:
            raise ValueError("says neither `endpoint` nor `region`")
        if not self.embedded and not self.project_id:
            raise ValueError("needs `project_id`")
        if self.expires and parse_date(self.expires) is None:
            raise ValueError(f"has `expires: {self.expires}`, which is not a date (YYYY-MM-DD)")
        if self.cache and (reason := outside_state_folder_reason(self.cache)):
            raise ValueError(f"keeps its read cache elsewhere: `cache` {reason}")
        if self.state and (reason := outside_state_folder_reason(self.state)):
            raise ValueError(f"keeps its simulated objects elsewhere: `simulator.state` {reason}")
        if self.ledger.lower().startswith("sqlite") and (reason := _ledger_file_reason(self.ledger)):
            raise ValueError(f"keeps its ledger elsewhere: the file of `ledger` {reason}")

    @property
    def embedded(self) -> bool:
        """Whether the live side is the simulator in this process."""
        return self.simulator is not None or self.endpoint.startswith(SIMULATOR)

    @property
    def seed(self) -> str:
        """The embedded simulator's seed file, relative to the project."""
        if self.simulator is not None:
            return self.simulator.seed
        return self.endpoint.removeprefix(SIMULATOR) if self.embedded else ""

    @property
    def state(self) -> str:
        """File that keeps the embedded simulator's objects between runs, relative to the project; else empty."""
        return self.simulator.state if self.simulator is not None else ""

    @property
    def transient(self) -> bool:
        """Whether the live side ends with this process."""
        return self.embedded and not self.state

    @property
    def url(self) -> str:
        """Address of the API; empty for the embedded simulator."""
        if self.embedded:
            return ""
        return self.endpoint or f"https://metastudio.{self.region}.myhuaweicloud.com"

    @property
    def local(self) -> bool:
        """Whether requests stay on this machine: the embedded simulator, or a loopback address."""
        return self.embedded or (urlsplit(self.url).hostname or "") in LOOPBACK

    @property
    def flow(self) -> Literal["aksk", "token", "password", "none"]:
        """Authentication method."""
        return self.auth or ("none" if self.local else "aksk")


@dataclass(frozen=True, kw_only=True)
class ProjectFile(ConfigModel):
    """The whole of `reconciler.yaml`."""

    name: Name | None = key(None, description="What people call the project; by default its folder's name.")
    id: Text = key(
        "",
        pattern=r"^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?$",
        description="A random UUID, with the environment who owns an object; `reconciler init --id` writes one.",
    )
    manifests: list[ProjectPath] = key(min_length=1, description="Manifest files and folders, read recursively.")
    values: list[ProjectPath] = key([], description="Values files of every environment; later ones win.")
    tests: list[ProjectPath] = key(["rule-tests"], description="Files and folders of rule tests, read recursively.")
    semantics: dict[Text, Text] = key(
        {}, description="Readings of what the service does not document, assumed by `replay` (docs: rules)."
    )
    environments: dict[Name, Environment] = key(min_length=1, description="The named places.")


class KeyDocument(Protocol):
    """Parsed project file with the position of each key."""

    def at(self, path: DocumentPath, *, key: bool = False) -> tuple[int, int]:
        """Return line and column of the value at a path, or of its nearest parent."""
        ...


@dataclass(frozen=True, kw_only=True)
class Project:
    """Loaded project: its folder, its keys, and whether its endpoints and secrets are trusted."""

    root: FilePath
    file: ProjectFile
    untrusted: bool = False
    document: KeyDocument | None = None
    places: Mapping[tuple[str | int, ...], Position] = field(default_factory=dict)

    def position_of(self, *path: str | int) -> Position | None:
        """Return the position of a key: in the project file, or for an environment of a fleet file in its row."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Position(FILE, *self.document.at(path)) if self.document is not None else None

    def positions(self, *ways: tuple[str, ...]) -> dict[str, Position]:
        """Return the positions of the paths in some lists of paths, by path; `ways` lead to the lists."""
        found: dict[str, Position] = {}
        for way in ways:
            owner: Any = self.file if way[0] != "environments" else self.environments[way[1]]
            for number, text in enumerate(getattr(owner, way[-1])):
                if position := self.position_of(*way, number):
                    found[text] = position
        return found

    def placed(self, environment: Environment, key: str) -> Position | None:
        """Return the position of a key of an environment."""
        return self.position_of("environments", self.name_of(environment), key)

    def name_of(self, environment: Environment) -> str:
        """Return the name of one of its environments."""
        return next((name for name, one in self.environments.items() if one is environment), "")

    @property
    def name(self) -> str:
        """Project's name: as written, else that of its folder."""
        return self.file.name or self.root.resolve().name or "project"

    @property
    def environments(self) -> Mapping[str, Environment]:
        """The named places."""
        return self.file.environments

    def check_environment(self, name: str) -> None:
        """Raise UsageError (E_ENV_UNKNOWN) for a name that is no environment of the project."""
        if name not in self.environments:
            hint = did_you_mean(name, self.environments, f"there are {', '.join(self.environments)}", quote="'")
            raise UsageError(f"there is no environment {name!r}", code="E_ENV_UNKNOWN", hint=hint)

    @property
    def identity(self) -> ProjectIdentity:
        """Identity of the project in ledgers."""
        return ProjectIdentity(id=self.file.id, name=self.name, roots=partial(_root_commits, self.root))

    def owner(self, environment: str) -> str:
        """Return the owner of applied objects: the project's id (its name where it has none) and the environment."""
        return self.identity.owner(environment)


def _root_commits(root: FilePath) -> frozenset[str]:
    from reconciler.manifest.files.git_command import root_commits  # for start-up: a run without a ledger needs no git

    return root_commits(root)


def project_schema() -> dict[str, Any]:
    """Return the project file's schema, 2020-12, for editors and other validators."""
    body = ProjectFile.model().model_json_schema(by_alias=True)
    fields = body["$defs"]["ScopeKeys"]["properties"]["fields"]
    fields["properties"] = dict.fromkeys(scope_fields(), fields["additionalProperties"])
    fields["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:reconciler:schemas/project.schema.json",
        **body,
        "title": "reconciler.yaml",
    }
