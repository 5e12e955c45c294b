"""The HTTP side: who we are, how fast, what is believed of an answer. Only the simulator uses httpx too."""

from reconciler.api.allowed_hosts import Origin, allowed, endpoint, iam_endpoint
from reconciler.api.auth import AkSkAuth, Auth, NoAuth, PasswordAuth, TokenAuth
from reconciler.api.client import Page, ReadClient, WriteClient
from reconciler.api.connection import Connection

__all__ = [
    "AkSkAuth",
    "Auth",
    "Connection",
    "NoAuth",
    "Origin",
    "Page",
    "PasswordAuth",
    "ReadClient",
    "TokenAuth",
    "WriteClient",
    "allowed",
    "endpoint",
    "iam_endpoint",
]
