"""The API simulated: embedded without a socket, or served on loopback. It knows kinds only by their tables."""

from reconciler.simulator.embedded_transport import transport
from reconciler.simulator.messages import ConnectionCut, Request, Response
from reconciler.simulator.seed import load_seed
from reconciler.simulator.service.simulator import Simulator

__all__ = ["ConnectionCut", "Request", "Response", "Simulator", "load_seed", "transport"]
