"""Options of the record_modifier filter."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Repeated, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    record: Repeated = option((), "'KEY VALUE' to add; quote a value that has blanks")
    remove_key: Repeated = option((), "key to remove; any case; a trailing * stands for the rest")
    allowlist_key: Repeated = option((), "key to keep, all others are removed", aliases=("whitelist_key",))
    uuid_key: str = option("", "add a random UUID under this key")
