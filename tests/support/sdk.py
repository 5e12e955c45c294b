"""The official SDK as an outside witness: its own client, its own signer, against a simulator on loopback.

Importing it writes a folder into the user's home, so that it is imported with another home.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

AK = "TESTAKEXAMPLE0000001"
SK = "testskexample000000000000000000000000001"
CREDENTIALS = {"ak": AK, "sk": SK}
"""For the `credentials` of a seed."""


@contextmanager
def _other_home() -> Iterator[None]:
    before = os.environ.get("HOME")
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        try:
            yield
        finally:
            os.environ.pop("HOME")
            if before is not None:
                os.environ["HOME"] = before


def sdk() -> ModuleType:
    """Return the SDK's module of models and client."""
    with _other_home():
        import huaweicloudsdkmetastudio.v1 as module
    return module


def client(base_url: str, project: str, *, ak: str = AK, sk: str = SK) -> Any:
    """Return the SDK's client for a project behind a base URL, signing with AK and SK."""
    with _other_home():
        from huaweicloudsdkcore.auth.credentials import BasicCredentials
        from huaweicloudsdkcore.http.http_config import HttpConfig

        config = HttpConfig.get_default_config()
        config.timeout = (5, 10)
        credentials = BasicCredentials(ak, sk, project)
        builder = sdk().MetaStudioClient.new_builder().with_http_config(config)
        return builder.with_credentials(credentials).with_endpoints([base_url]).build()


def plain(value: Any) -> Any:
    """Return an SDK object as plain data without what is None, and without the SDK's own names for headers."""
    from huaweicloudsdkcore.utils.http_utils import sanitize_for_serialization

    found = sanitize_for_serialization(value)
    return {name: item for name, item in found.items() if name != "X-Request-Id"} if isinstance(found, dict) else found


def all_rows(call: Any, request_type: Any, key: str) -> list[dict[str, Any]]:
    """Return every row of a list, page by page as a script with the SDK would."""
    rows: list[dict[str, Any]] = []
    while True:
        page = plain(call(request_type(limit=100, offset=len(rows)))).get(key) or []
        if not page:
            return rows
        rows += page
