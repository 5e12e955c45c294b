"""The example plugin: its own tests pass here too, and once installed it is found by its name."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

EXAMPLE = Path(__file__).parents[2] / "examples" / "writer-plugin"


def _tests() -> ModuleType:
    spec = importlib.util.spec_from_file_location("webhook_example_tests", EXAMPLE / "tests" / "test_webhook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


globals().update({name: part for name, part in vars(_tests()).items() if name.startswith(("test_", "Test"))})


def test_installed_it_is_a_writer_like_ours(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True)
    code = (
        "from reconciler import plugins; from reconciler.interfaces import WriterContext;"
        "start = 'RECONCILER_WRITER_WEBHOOK_';"
        "variables = {start + 'URL': 'https://x.example/', start + 'KEY': 'k' * 16};"
        "setup = WriterContext(variables=variables, secret=str, emit=str, client=object);"
        "print(plugins.names('writers'), type(plugins.writer('webhook', setup)).__name__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "('command', 'dry_run', 'http', 'webhook') WebhookWriter\n"
