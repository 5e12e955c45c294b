"""Simulated API: embedded without a socket, or served on loopback. Of kinds it uses the tables alone."""

from reconciler.simulator.embedded_transport import transport
from reconciler.simulator.messages import ConnectionCut, Request, Response
from reconciler.simulator.seed import load_seed
from reconciler.simulator.service.simulator import Simulator

__all__ = ["ConnectionCut", "Request", "Response", "Simulator", "load_seed", "transport"]
