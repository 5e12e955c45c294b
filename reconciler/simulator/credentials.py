"""Who may call: the keys, users and tokens of a seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.resource import Json
from reconciler.simulator.check import Check

DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A pair of access key and secret key; temporary ones come with a security token."""

    ak: str
    sk: str = field(repr=False)
    security_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user who may have tokens for a password."""

    name: str
    password: str = field(repr=False)
    domain: str = ""

    def is_same(self, asked: "User") -> bool:
        """Tell whether somebody who asks for a token is this user; a user without a domain is in every one."""
        return (asked.name, asked.password) == (self.name, self.password) and self.domain in {"", asked.domain}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """All that is accepted; with nothing in it, everything is. `token_seconds` is how long issued tokens live."""

    keys: Mapping[str, AccessKey] = field(default_factory=dict)
    users: tuple[User, ...] = ()
    tokens: frozenset[str] = field(default=frozenset(), repr=False)
    token_seconds: float = DAY

    def __bool__(self) -> bool:
        return bool(self.keys or self.users or self.tokens)


def credentials_of(value: Json, check: Check) -> Credentials:
    """Read a seed's `credentials`: `ak` and `sk` of one key, or `keys`, `users`, `tokens` and `token_seconds`."""
    path = ("credentials",)
    known = ("ak", "sk", "security_token", "keys", "users", "tokens", "token_seconds")
    given = check.mapping(value, path, known)
    keys = [
        _key(item, (*path, "keys", index), check) for index, item in enumerate(check.listed(given.get("keys"), path))
    ]
    if "ak" in given or "sk" in given:
        one = {name: given[name] for name in ("ak", "sk", "security_token") if name in given}
        keys.append(_key(one, path, check))
    users = enumerate(check.listed(given.get("users"), (*path, "users")))
    tokens = enumerate(check.listed(given.get("tokens"), (*path, "tokens")))
    return Credentials(
        keys={key.ak: key for key in keys},
        users=tuple(_user(item, (*path, "users", index), check) for index, item in users),
        tokens=frozenset(check.text(item, (*path, "tokens", index)) for index, item in tokens),
        token_seconds=check.number(given.get("token_seconds"), (*path, "token_seconds"), DAY),
    )


def _key(value: Json, path: tuple[str | int, ...], check: Check) -> AccessKey:
    given = check.mapping(value, path, ("ak", "sk", "security_token"))
    for name in ("ak", "sk"):
        if not given.get(name):
            check.wrong(path, f"an access key needs `{name}`")
    return AccessKey(**{name: check.text(item, (*path, name)) for name, item in {"ak": "", "sk": "", **given}.items()})


def _user(value: Json, path: tuple[str | int, ...], check: Check) -> User:
    given = check.mapping(value, path, ("name", "password", "domain"))
    for name in ("name", "password"):
        if not given.get(name):
            check.wrong(path, f"a user needs `{name}`")
    return User(
        **{name: check.text(item, (*path, name)) for name, item in {"name": "", "password": "", **given}.items()}
    )
