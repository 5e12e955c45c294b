"""Environment variables of the process: known variables, credentials, and secrets to redact.

Credentials have no flags and no keys in files: command lines are visible in process lists, files in repositories. Their
names are those of the official SDK and command line client.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from urllib.parse import unquote

from reconciler.errors import AuthError, ReconcilerError, UsageError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.redaction import SHORTEST, SecretRedactor, is_undecoded
from reconciler.strings import did_you_mean

KNOWN = frozenset(
    {
        "RECONCILER_ALLOWED_HOSTS",
        "RECONCILER_CA_FILE",
        "RECONCILER_DIGEST_KEY",
        "RECONCILER_LEDGER",
        "RECONCILER_PROXY",
        "RECONCILER_WRITER",
    }
)
"""Known RECONCILER_ variables."""

OPEN = ("RECONCILER_SECRET_", "RECONCILER_WRITER_", "RECONCILER_TEST_")
"""Prefixes of further ones: named secrets, variables of writer plugins, and of the project's tests."""

SECRETS = (
    "HUAWEICLOUD_SDK_AK",
    "HUAWEICLOUD_SDK_SK",
    "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "HW_AUTH_TOKEN",
    "HW_USER_PASSWORD",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "CI_JOB_TOKEN",
    "PGPASSWORD",
    "RECONCILER_DIGEST_KEY",
)
"""Variables with secret values, with any prefix."""

ADDRESSES = ("RECONCILER_PROXY", "RECONCILER_LEDGER")
"""Variables with an address that may contain a password."""


def check_variables(variables: Mapping[str, str]) -> None:
    """Raise UsageError for an unknown RECONCILER_ variable, so that a misspelled name is noticed."""
    for name in sorted(variables):
        if name.startswith("RECONCILER_") and name not in KNOWN and not name.startswith(OPEN):
            hint = did_you_mean(name, KNOWN, f"there are {', '.join(sorted(KNOWN))}", quote="")
            raise UsageError(f"there is no variable {name}", hint=hint)


def redactor(variables: Mapping[str, str]) -> SecretRedactor:
    """Return the redactor of every secret in the environment, those in addresses included."""
    return SecretRedactor(secret_values(variables))


def secret_values(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the value of every secret variable."""
    for name, value in variables.items():
        if name.endswith(SECRETS) or name.startswith("RECONCILER_SECRET_"):
            yield value
        elif name in ADDRESSES:
            yield from url_passwords(value)


def url_passwords(url: str) -> Iterator[str]:
    """Yield the password in an address, as written and decoded."""
    found = _PASSWORD.search(url)
    if found:
        yield from {found[1], unquote(found[1])}


_PASSWORD = late_pattern(r"://[^/?#@\s]*?:([^/?#\s]+)@")


def named_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that manifests may name: `{secret: NAME}` is RECONCILER_SECRET_NAME."""
    start = "RECONCILER_SECRET_"
    return {name.removeprefix(start): value for name, value in variables.items() if name.startswith(start) and value}


def usable_secret(name: str, value: str) -> str:
    """Return a named secret that may be sent. Raises ReconcilerError without the value."""
    variable = f"RECONCILER_SECRET_{name}"
    if is_undecoded(value):
        raise ReconcilerError(f"{variable} is not valid UTF-8", code="E_SECRET_ENCODING", hint="set it as UTF-8 text")
    if len(value) < SHORTEST:
        raise ReconcilerError(
            f"{variable} is shorter than {SHORTEST} characters: it could not be kept out of logs and reports",
            code="E_SECRET_SHORT",
            hint="use a longer secret",
        )
    return value


def digest_key(variables: Mapping[str, str]) -> bytes:
    """Return the operator's key for digests of secrets and seals of saved plans; empty where none is set."""
    return variables.get("RECONCILER_DIGEST_KEY", "").encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialLookup:
    """Credentials of one environment: each name is looked up with its prefix only, so environments never mix."""

    values: Mapping[str, str] = field(repr=False)
    prefix: str = ""

    def get(self, name: str) -> str:
        """Return a variable's value, or empty."""
        return self.values.get(self.prefix + name, "")

    def need(self, *names: str) -> tuple[str, ...]:
        """Return the values of required variables. Raises AuthError that names the missing ones."""
        missing = [self.prefix + name for name in names if not self.get(name)]
        if missing:
            raise AuthError(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
                code="E_AUTH_MISSING",
                hint="set them in the environment of this process; credentials are read from nowhere else",
            )
        found = tuple(self.get(name) for name in names)
        for name, value in zip(names, found, strict=True):
            if is_undecoded(value):
                raise AuthError(
                    f"{self.prefix}{name} is not valid UTF-8", code="E_AUTH_ENCODING", hint="set it as UTF-8 text"
                )
        return found
