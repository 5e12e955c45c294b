"""The control routes of a served simulator: they steer and question it, and exist on the port only."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from reconciler.simulator.api import Simulator


def control_routes(simulator: Simulator) -> list[Route]:
    """Return `GET /_control/model`."""

    async def model(request: Request) -> JSONResponse:  # noqa: ARG001 - Starlette's signature
        return JSONResponse(simulator.model.as_json())

    return [Route("/model", model, methods=["GET"])]
