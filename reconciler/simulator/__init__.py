"""Simulated API: embedded without a socket, or served on loopback. Of kinds it uses the tables alone."""

from reconciler.simulator.embedded_transport import transport
from reconciler.simulator.kept_simulator import KeptSimulator
from reconciler.simulator.messages import ConnectionCut, Request, Response
from reconciler.simulator.seed import load_seed, loaded_seed
from reconciler.simulator.service.simulator import Simulator
from reconciler.simulator.state_file import StateFile

__all__ = [
    "ConnectionCut",
    "KeptSimulator",
    "Request",
    "Response",
    "Simulator",
    "StateFile",
    "load_seed",
    "loaded_seed",
    "transport",
]
