"""Control routes of a served simulator, for tests. They exist on the port only, never embedded."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.errors import ManifestError
from reconciler.model.json_types import Json
from reconciler.simulator.clock import FixedClock
from reconciler.simulator.faults.fault import faults_of
from reconciler.simulator.seed_check import SeedChecker
from reconciler.simulator.service.console_edits import ConsoleEditor
from reconciler.simulator.service.simulator import Simulator

Handler = Callable[[Request], Awaitable[Response]]


def control_routes(simulator: Simulator) -> list[Route]:
    """Return the routes below `/_control`.

    GET model: the record. GET objects?kind=&project=: what is stored. GET faults: those in force and how often they
    struck; POST faults (a list): more of them; DELETE faults: none. POST reset (a seed, or nothing): start again.
    POST edit: a console edit. POST clock, `{advance: n}`.
    """
    control = _Control(simulator)
    return [
        Route("/model", _guarded(control.model), methods=["GET"]),
        Route("/objects", _guarded(control.objects), methods=["GET"]),
        Route("/faults", _guarded(control.faults), methods=["GET"]),
        Route("/faults", _guarded(control.inject), methods=["POST"]),
        Route("/faults", _guarded(control.heal), methods=["DELETE"]),
        Route("/reset", _guarded(control.reset), methods=["POST"]),
        Route("/edit", _guarded(control.edit), methods=["POST"]),
        Route("/clock", _guarded(control.clock), methods=["POST"]),
    ]


def _guarded(handler: Callable[[Request], Awaitable[Json]]) -> Handler:
    async def respond(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except ManifestError as error:
            return JSONResponse({"problems": [each.message for each in error.diagnostics]}, status_code=400)
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"problems": [f"{type(error).__name__}: {error}"]}, status_code=400)

    return respond


class _Control:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def model(self, _request: Request) -> Json:
        return self._simulator.model.as_json()

    async def objects(self, request: Request) -> Json:
        console = self._console(request.query_params["kind"], request.query_params.get("project", ""))
        return [entry.body for entry in console.objects.entries.values()]

    def _console(self, kind: str, project: str) -> ConsoleEditor:
        if project and (reason := self._simulator.world.unknown_project_reason(project)):
            raise ValueError(reason)
        return self._simulator.console(kind, project)

    async def faults(self, _request: Request) -> Json:
        return [{"name": name, "met": met, "struck": struck} for name, met, struck in self._simulator.struck]

    async def inject(self, request: Request) -> Json:
        check = SeedChecker()
        faults = faults_of(await request.json(), check, ())
        if check.problems:
            raise ValueError("; ".join(f"{each.message} {each.hint}".strip() for each in check.problems))
        self._simulator.inject(faults)
        return {"armed": len(faults)}

    async def heal(self, _request: Request) -> Json:
        self._simulator.heal()
        return {"armed": 0}

    async def reset(self, request: Request) -> Json:
        body = await request.body()
        self._simulator.reset(await request.json() if body else None)
        return {"reset": True}

    async def edit(self, request: Request) -> Json:
        """Take `{kind, project?, name | id, set: {field: value}}`, `{…, remove: true}` or `{kind, insert: body}`."""
        asked = await request.json()
        console = self._console(asked["kind"], asked.get("project", ""))
        if "insert" in asked:
            return {"id": console.insert(asked["insert"]).id}
        entry = console.objects.entries.get(asked.get("id", "")) or console.objects.named(asked["name"])[0]
        if asked.get("remove"):
            console.remove(entry)
        else:
            console.change(entry, asked.get("set") or {})
        return {"id": entry.id}

    async def clock(self, request: Request) -> Json:
        clock = self._simulator.clock
        if not isinstance(clock, FixedClock):
            raise TypeError("the service runs on the machine's clock")
        clock.advance(float((await request.json())["advance"]))
        return {"now": self._simulator.clock().isoformat()}
