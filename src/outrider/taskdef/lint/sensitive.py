"""What looks like a secret: texts by their form, variables and options by their names. Pure; no text is ever told.

The forms are those that their makers document: prefixes that exist so that scanners find them.
"""

from __future__ import annotations

import re
from typing import Final

_FORMS: Final = {
    "an access key of AWS": r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    "a private key": r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----",
    "a token of GitHub": r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255}",
    "a token of GitLab": r"glpat-[A-Za-z0-9_-]{20,}",
    "a token of Slack": r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a key of Stripe": r"[rs]k_live_[A-Za-z0-9]{16,}",
    "a key of Google": r"AIza[A-Za-z0-9_-]{35}",
    "a token of npm": r"npm_[A-Za-z0-9]{36}",
    "a key of SendGrid": r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "a token of Vault": r"hvs\.[A-Za-z0-9_-]{24,}",
    "a JSON Web Token": r"eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]",
    "an address with a password": r"[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,100}:[^\s/:@<>{}$*]{1,200}@[^\s@]",
}
_FORM: Final = re.compile("|".join([f"((?<![A-Za-z0-9]){form})" for form in _FORMS.values()]))
_KINDS: Final = tuple(_FORMS)
_LOOKED_AT: Final = 20_000
"""Characters of a text."""
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME: Final = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PASS|(?<=_)PWD|SECRET|TOKEN|CREDENTIALS?"
    r"|(?:API|PRIVATE|ACCESS|SECRET|SIGNING|ENCRYPTION|LICENSE|AUTH|MASTER)_?KEY)(?:_[0-9]+)?$"
)
_NO_SECRET: Final = re.compile(
    r"|true|false|yes|no|on|off|none|null|[0-9]{1,4}|arn:.*|/.*|file:.*|.*(?:\$\{|\{\{|\$\(|<).*|\*+|x+",
    re.IGNORECASE | re.DOTALL,
)
"""Switches, numbers, what names a secret or a file, and what somebody replaces before it is registered."""


def form_of(text: str) -> str | None:
    """What the text is by its form, such as ``a token of GitHub``; None where it has no such form."""
    found = _FORM.search(text[:_LOOKED_AT])
    return _KINDS[(found.lastindex or 1) - 1] if found else None


def names_secret(name: str, text: str) -> bool:
    """Whether the name is that of a secret, and the text may be one."""
    words = _CAPITAL.sub("_", name).upper().replace("-", "_").replace(".", "_")
    return bool(_NAME.search(words)) and not _NO_SECRET.fullmatch(text)
