"""The API simulated: embedded without a socket, or served on loopback. It knows kinds only by their tables."""

from reconciler.simulator.api import Simulator
from reconciler.simulator.embedded import transport
from reconciler.simulator.message import Cut, Request, Response
from reconciler.simulator.seed import load_seed

__all__ = ["Cut", "Request", "Response", "Simulator", "load_seed", "transport"]
