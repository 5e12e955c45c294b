"""The public Python API, version 1: load, validate, plan, apply and read plan files.

Every function takes the folder of a project (the one with `reconciler.yaml`) and the name of an environment, and
returns frozen values of `reconciler.model`. The names in `__all__` and their signatures keep their meaning until
`api_v2`; every other module may change in any release.

    >>> from reconciler import api_v1
    >>> plan = api_v1.plan("examples/quickstart", "demo", variables={})
    >>> [(change.action.value, change.address) for change in plan.pending]
    [('update', 'InteractionRuleGroup["Tea house questions"]'), ('create', 'SmartLiveRoom["Tea house evening show"]')]
    >>> result = api_v1.apply("examples/quickstart", plan, variables={})
    >>> [outcome.status.value for outcome in result.outcomes]
    ['applied', 'applied']

`variables` are the process environment (credentials, secrets, RECONCILER_*; README, "Variables"); the default is
`os.environ`. Errors that end a call are subclasses of ReconcilerError. Problems in manifests are diagnostics in the
returned value. No function writes to stdout or stderr.
"""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from os import PathLike
from pathlib import Path

from reconciler.apply.context import RunCallbacks
from reconciler.apply.recovery import recover
from reconciler.apply.runner import ApplyResult
from reconciler.apply.runner import apply as _apply_plan
from reconciler.errors import ManifestError, PlanError, ReconcilerError
from reconciler.kinds.registry import kind_called
from reconciler.manifest.files.project_tree import SAVED, read_file
from reconciler.model.change import Action, Attribution, Change, FieldChange, GuardViolation, SuppressedDifference
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.listed_object import AppliedFilter, ListedObject, ObjectChange, ObjectDescription, ObjectList
from reconciler.model.options import GuardOverrides, Selection
from reconciler.model.outcome import ApplyEvent, ApplyPhase, Outcome, OutcomeStatus
from reconciler.model.plan import DeferredChange, Plan, PlanSummary, UnmanagedResource
from reconciler.model.resource import DeclaredResource, IgnoreRule
from reconciler.model.source_edit import AcceptedDifference, ProposedEdits, RefusedDifference, SourceEdit
from reconciler.model.source_map import Position
from reconciler.planfile.saved_plan import read_plans
from reconciler.planfile.staleness import accepted
from reconciler.project.accept_drift import propose_for_plan
from reconciler.project.config import Project
from reconciler.project.config_file import load_project
from reconciler.project.declared_state import linted, load_declared
from reconciler.project.environment_session import EnvironmentSession, LiveAccess, check_secrets, open_environment
from reconciler.project.environment_variables import digest_key
from reconciler.project.live_listing import list_environment, list_request
from reconciler.project.object_description import describe_object
from reconciler.project.plan_environment import PlanRequest, apply_options, plan_environment, plan_opened
from reconciler.project.project_identity import check_unshared
from reconciler.project.run_origin import run_origin

__all__ = [
    "AcceptedDifference",
    "Action",
    "AppliedFilter",
    "ApplyEvent",
    "ApplyPhase",
    "ApplyResult",
    "Attribution",
    "Change",
    "DeclaredResource",
    "DeferredChange",
    "DesiredState",
    "Diagnostic",
    "FieldChange",
    "GuardOverrides",
    "GuardViolation",
    "IgnoreRule",
    "ListedObject",
    "ObjectChange",
    "ObjectDescription",
    "ObjectList",
    "Outcome",
    "OutcomeStatus",
    "Plan",
    "PlanSummary",
    "Position",
    "ProposedEdits",
    "ReconcilerError",
    "RefusedDifference",
    "RelatedPosition",
    "Selection",
    "Severity",
    "SourceEdit",
    "SuppressedDifference",
    "UnmanagedResource",
    "apply",
    "describe",
    "list_objects",
    "load",
    "plan",
    "propose_edits",
    "read_plan_file",
    "validate",
]


def load(folder: str | PathLike[str], environment: str, *, sets: Sequence[str] = ()) -> DesiredState:
    """Render, parse and validate the manifests of one environment; `sets` are `key=value` for templates.

    Problems are in `diagnostics`; `valid` is false where one of them is an error. Raises ReconcilerError for a project
    file that cannot be used or an environment that it does not define.

    >>> desired = load("examples/quickstart", "demo")
    >>> desired.valid, [resource.name for resource in desired.resources if resource.kind == "SmartLiveRoom"]
    (True, ['Tea house morning show', 'Tea house evening show'])
    >>> str(desired.resources[0].position)
    'rule-groups/questions.yaml:6:9'
    """
    return load_declared(_project(folder, environment), environment, tuple(sets))


def validate(
    folder: str | PathLike[str], environment: str, *, sets: Sequence[str] = (), today: date | None = None
) -> tuple[Diagnostic, ...]:
    """Return every problem of an environment's manifests, lints of rules included, in the order of their positions.

    `today` decides which `expires` dates have passed. Raises as `load` does.

    >>> problems = validate("examples/mistakes", "demo")
    >>> problems[0].code, str(problems[0].position)
    ('E_FIELD_UNKNOWN', 'rooms/evening.yaml:6:3')
    >>> validate("examples/quickstart", "demo")
    ()
    """
    return linted(_project(folder, environment), environment, tuple(sets), today or date.today()).diagnostics


def plan(
    folder: str | PathLike[str],
    environment: str,
    *,
    sets: Sequence[str] = (),
    selection: Selection | None = None,
    base: str = "",
    live: str | PathLike[str] | None = None,
    today: date | None = None,
    variables: Mapping[str, str] | None = None,
) -> Plan:
    """Return what would change in one environment; nothing is written.

    `selection` restricts the plan to a part. `base` is a git revision against which changes are attributed. `live` is a
    snapshot to read instead of the API. A plan of invalid manifests has no changes and holds their diagnostics. Raises
    ReconcilerError where nothing can be read.

    >>> made = plan("examples/quickstart", "demo", variables={})
    >>> made.summary().add, made.summary().change, made.complete
    (1, 1, True)
    >>> change = made.pending[0]
    >>> change.fields[0].path, change.fields[0].before, change.fields[0].after
    ("interaction_rules[price of Pu'er].trigger.reply_texts[0]", "Pu'er is 88 yuan a tin.", "Pu'er is 96 yuan a tin.")
    >>> only = Selection(targets=('SmartLiveRoom["Tea house evening show"]',))
    >>> [change.name for change in plan("examples/quickstart", "demo", selection=only, variables={}).pending]
    ['Tea house evening show']
    """
    access = _access(variables, today, live)
    request = PlanRequest(access=access, sets=tuple(sets), selection=selection or Selection(), base=base)
    result = plan_environment(_project(folder, environment), environment, request)
    if result.plan is None:
        return Plan(environment=environment, diagnostics=result.manifest.diagnostics, complete=False)
    return replace(result.plan, folder=os.fspath(folder))


def propose_edits(
    reviewed: Plan, *, folder: str | PathLike[str] = "", address: str = "", field: str = "", only: str = ""
) -> ProposedEdits:
    """Return the edits of source files that accept the live values of a plan, and what is refused; nothing is written.

    The edits are those that `reconciler accept` proves before it writes them; here they are not proven. `folder` is the
    project's, by default that of `plan`. `address` and `field` restrict them to one object and field, `only` is
    `drift`, `conflict` or `all`: by default drift, or everything where the plan was made without a ledger. Raises
    ManifestError for invalid manifests, UsageError for an address that nothing has.

    >>> edits = propose_edits(plan("examples/quickstart", "demo", variables={}))
    >>> [(edit.file, edit.text) for edit in edits], [one.code for one in edits.refused]
    ([('values/demo.yaml', "Pu'er is 88 yuan a tin.")], [])
    """
    project = _project(folder or reviewed.folder or ".", reviewed.environment)
    return propose_for_plan(project, reviewed, address=address, field=field, only=only)


def apply(
    folder: str | PathLike[str],
    reviewed: Plan,
    *,
    writer: str = "http",
    sets: Sequence[str] = (),
    overrides: GuardOverrides | None = None,
    skip_stale: bool = False,
    today: date | None = None,
    variables: Mapping[str, str] | None = None,
    progress: Callable[[ApplyEvent], None] = lambda event: None,  # noqa: ARG005 - the caller wants no progress
    stop: Callable[[], bool] = lambda: False,
) -> ApplyResult:
    """Apply a plan of `plan` or `read_plan_file` to its environment, through a writer by name.

    The environment is planned again, and only changes that both plans hold are carried out, under the lock and
    recorded in the ledger. With `skip_stale`, changes that no longer match are left out. `overrides` lift guards.
    `stop` is asked before each change. Raises PlanError where a reviewed change no longer matches (E_PLAN_STALE),
    BlockedError where a guard blocks the plan, LockedError where another run holds the lock, ManifestError for invalid
    manifests. The result of each change is in `outcomes`; an error that ended the run early is in `error`.

    >>> reviewed = plan("examples/quickstart", "demo", variables={})
    >>> result = apply("examples/quickstart", reviewed, writer="dry_run", variables={})
    >>> [(outcome.status.value, outcome.code) for outcome in result.outcomes]
    [('skipped', 'N_EMITTED'), ('skipped', 'N_EMITTED')]
    """
    if reviewed.untrusted:
        raise PlanError("plans of untrusted manifests cannot be applied", code="E_PLAN_UNTRUSTED")
    project = _project(folder, reviewed.environment)
    access = replace(_access(variables, today), cached=False)
    request = PlanRequest(access=access, sets=tuple(sets))
    desired = load_declared(project, reviewed.environment, request.sets)
    if not desired.valid:
        raise ManifestError("the manifests have errors: nothing is applied", desired.diagnostics)
    check_secrets(desired, access.variables)
    with open_environment(project, reviewed.environment, access) as opened:
        hooks: RunCallbacks = {
            "clock": access.clock.now,
            "sleep": access.clock.sleep,
            "stop": stop,
            "progress": progress,
            "settle": opened.settle_policy(),
        }
        return _apply_opened(
            opened, desired, reviewed, request, writer=writer, overrides=overrides, skip_stale=skip_stale, hooks=hooks
        )


def _apply_opened(
    opened: EnvironmentSession,
    desired: DesiredState,
    reviewed: Plan,
    request: PlanRequest,
    *,
    writer: str,
    overrides: GuardOverrides | None,
    skip_stale: bool,
    hooks: RunCallbacks,
) -> ApplyResult:
    ledger = opened.ledger()
    check_unshared(opened.project, opened.name, ledger.load_state(opened.scope, opened.owner))
    target = opened.writer(writer, lambda line: None)  # noqa: ARG005 - outcomes carry what the writer did
    options = apply_options(opened, request, local=ledger.local)
    scope, owner, run = opened.scope, opened.owner, secrets.token_hex(8)
    if target.applies:
        recover(opened.reader, target, ledger, scope=scope, owner=owner, run=run, settings=options, **hooks)
    fresh = plan_opened(opened, desired, request, settings=options)
    common = accepted(reviewed, fresh, skip_stale=skip_stale)
    origin = run_origin(opened.project, opened.name, common.plan, opened.access.variables)
    return _apply_plan(
        common.plan,
        desired,
        opened.reader,
        target,
        ledger,
        scope=scope,
        owner=owner,
        run=run,
        settings=options,
        overrides=overrides,
        origin=origin,
        **hooks,
    )


def read_plan_file(path: str | PathLike[str], *, variables: Mapping[str, str] | None = None) -> tuple[Plan, ...]:
    """Return the plans of a file that `plan --out`, `plan --format json` or `audit --format json` wrote.

    A seal is checked where it can be; RECONCILER_DIGEST_KEY is its key. Raises PlanError (E_PLAN_FORMAT, E_PLAN_DIGEST,
    E_PLAN_KEY) for a file that is no plan or was edited.

    >>> read_plan_file("examples/quickstart/reconciler.yaml", variables={})
    Traceback (most recent call last):
    reconciler.errors.PlanError: this is no plan: a plan is plain JSON
    """
    return read_plans(read_file(Path(path), SAVED), key=digest_key(_variables(variables)))


def list_objects(
    folder: str | PathLike[str],
    environment: str,
    kind: str,
    *,
    filters: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
    managed: bool | None = None,
    owner: str = "",
    sets: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> ObjectList:
    """Return the live objects of one kind (`rooms`, `rule-groups`, `SmartLiveRoom`), as `reconciler get` lists them.

    `filters` are the documented query parameters of the list, checked before a call. `names` are exact names and ids;
    `managed` chooses what is managed here, or what is not; `owner` what one owner in the ledger owns. A list that is
    not proven to be complete says why in `incomplete`; a filter that the service ignores is a diagnostic. Raises
    UsageError for an unknown kind or filter (E_FILTER), ReconcilerError where nothing can be read.

    >>> rooms = list_objects("examples/quickstart", "demo", "rooms", filters={"room_name": "tea"}, variables={})
    >>> [(room.name, str(room.declared), room.managed) for room in rooms.objects], rooms.complete
    ([('Tea house morning show', 'rooms/shows.yaml:7:9', True)], True)
    """
    ask = list_request(kind_called(kind), filters or {}, names=names, managed=managed, owner=owner)
    return list_environment(_project(folder, environment), environment, _access(variables, None), ask, tuple(sets))


def describe(
    folder: str | PathLike[str],
    environment: str,
    *words: str,
    sets: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> ObjectDescription:
    """Return what is known of one live object: its fields, rules as sentences, owner and last changes.

    `words` are its address, name or id, alone or after its kind. Raises NotFoundError where no live object is meant,
    UsageError where several are (E_NAME_AMBIGUOUS), ReconcilerError where nothing can be read.

    >>> found = describe("examples/quickstart", "demo", 'InteractionRuleGroup["Tea house questions"]', variables={})
    >>> found.sentences["interaction_rules"][2][:56]
    'price of Jasmine: on comments where content matches "茉莉|'
    """
    project = _project(folder, environment)
    return describe_object(project, environment, _access(variables, None), words, tuple(sets))


def _project(folder: str | PathLike[str], environment: str) -> Project:
    project = load_project(Path(folder))
    project.check_environment(environment)
    return project


def _variables(given: Mapping[str, str] | None) -> Mapping[str, str]:
    return dict(os.environ) if given is None else given


def _access(
    variables: Mapping[str, str] | None, today: date | None, live: str | PathLike[str] | None = None
) -> LiveAccess:
    return LiveAccess(
        variables=_variables(variables), today=today or date.today(), live=None if live is None else Path(live)
    )
