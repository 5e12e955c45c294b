"""Redaction by field and by value in any encoding, and keyed digests of secrets.

`redact` and `redact_fields` hide what the field tables mark as sensitive. `SecretRedactor` hides known values wherever
a peer may echo them: raw, or behind any mixture of JSON and Python escapes, HTML entities, percent-encoding and
quoted-printable, up to four layers deep, in base64 at each of its three offsets, in hex and reversed.
"""

from reconciler.redaction.by_field import (
    follows_sensitive_key,
    holds_sensitive,
    is_redacted,
    is_sensitive,
    is_undecoded,
    keyed_digest,
    reads_masked,
    redact,
    redact_fields,
    redact_from,
    redacted_presence,
    redaction_shape,
    same_digest,
    secret_bytes,
    secret_digest,
    sensitive_names,
)
from reconciler.redaction.by_value import SHORTEST, SecretRedactor

__all__ = [
    "SHORTEST",
    "SecretRedactor",
    "follows_sensitive_key",
    "holds_sensitive",
    "is_redacted",
    "is_sensitive",
    "is_undecoded",
    "keyed_digest",
    "reads_masked",
    "redact",
    "redact_fields",
    "redact_from",
    "redacted_presence",
    "redaction_shape",
    "same_digest",
    "secret_bytes",
    "secret_digest",
    "sensitive_names",
]
