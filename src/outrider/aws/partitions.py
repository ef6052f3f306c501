"""Host names of AWS services, and partitions, by region. Pure.

Sources: Fluent Bit 5.1.1 ``flb_aws_util.c``; for FIPS, AWS's endpoint rules.
"""

from __future__ import annotations

import re
from typing import Final

_SUFFIXES: Final = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-iso-", "c2s.ic.gov"),
)
_PARTITIONS: Final = (
    ("cn-", "aws-cn"),
    ("eusc-", "aws-eusc"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-iso-", "aws-iso"),
)
_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
_PARTS: Final = re.compile(r"([a-z]{2,4}(?:-[a-z]+)*)-([a-z]+)-(\d{1,2})")
_DIRECTIONS: Final = (
    "north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest",
)  # fmt: skip
_ALWAYS_FIPS: Final = ("us-gov-", ("kinesis", "logs", "sts"))
"""Where the ordinary name is the FIPS one."""


def suffix(region: str) -> str:
    """The domain of a region's services."""
    return next((domain for prefix, domain in _SUFFIXES if region.startswith(prefix)), "amazonaws.com")


def partition_of(region: str) -> str:
    """The partition that a region belongs to, as ARNs name it; empty for a text that is no region."""
    if not _REGION.fullmatch(region):
        return ""
    return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")


def unlikely(region: str) -> str:
    """Why a text is hardly a region, which are named after a direction, with the likelier one; empty: it may be one."""
    found = _PARTS.fullmatch(region)
    if found is None:
        return f"'{region}' does not look like a region of AWS, such as us-east-1"
    if found[2] in _DIRECTIONS:
        return ""
    import difflib  # for what is told of a mistake alone

    near = difflib.get_close_matches(found[2], _DIRECTIONS, 1)
    meant = f": did you mean '{found[1]}-{near[0]}-{found[3]}'?" if near else ""
    return f"'{region}' does not look like a region of AWS{meant}"


def host(service: str, region: str, *, fips: bool = False) -> str:
    """``logs.us-east-1.amazonaws.com``; with ``fips`` the endpoint with validated cryptography."""
    prefix, services = _ALWAYS_FIPS
    if fips and not (region.startswith(prefix) and service in services):
        service = f"{service}-fips"
    return f"{service}.{region}.{suffix(region)}"
