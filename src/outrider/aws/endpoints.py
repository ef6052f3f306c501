"""Where a service is reached: AWS's own host, or the ``endpoint`` that the options name."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from outrider.aws.partitions import host
from outrider.model.errors import UserError
from outrider.net.tls import TlsOptions, client_context

_SERVICE_IDS: Final = {"logs": "CLOUDWATCH_LOGS"}
"""Where a service is called otherwise in variables. Source: the ``serviceId`` in botocore's models."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Host, port and whether TLS is spoken there."""

    host: str
    port: int
    tls: bool = True

    @property
    def authority(self) -> str:
        """What ``Host`` says: the port only where it is not the usual one."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        """Scheme and authority, without a path."""
        return f"{'https' if self.tls else 'http'}://{self.authority}"


def endpoint_of(service: str, region: str, option: str = "", port: int = 0, key: str = "endpoint") -> Endpoint:
    """From ``host[:port]`` with ``http://`` or ``https://`` before it, or nothing. Raises UserError.

    ``port`` is the option of that name. Where no endpoint is given, AWS_ENDPOINT_URL_S3 (and so on for the other
    services) counts, then AWS_ENDPOINT_URL, then AWS_USE_FIPS_ENDPOINT.
    """
    if not option:
        key, option = _configured(service)
    if not option:
        fips = os.environ.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true"
        return Endpoint(host(service, region, fips=fips), port or 443)
    scheme, mark, rest = option.partition("://")
    if not mark:
        scheme, rest = "https", option
    try:
        parts = urlsplit(f"//{rest}")
        name, given = parts.hostname, parts.port
    except ValueError:
        name, given = None, None
    printable = option.isascii() and option.isprintable() and " " not in option
    if (
        not printable
        or scheme.lower() not in ("http", "https")
        or not name
        or parts.path.strip("/")
        or parts.query
        or parts.username
    ):
        raise UserError(f"{key} '{option}' is not a host with an optional port", fix="write it as host or host:port")
    tls = scheme.lower() == "https"
    return Endpoint(name, given or port or (443 if tls else 80), tls)


def _configured(service: str) -> tuple[str, str]:
    """The variable of AWS's libraries that names where the service is, and what it says; empty if none does."""
    for key in (f"AWS_ENDPOINT_URL_{_SERVICE_IDS.get(service, service.upper())}", "AWS_ENDPOINT_URL"):
        if value := os.environ.get(key, ""):
            return key, value
    return "", ""


def tls_towards_aws(options: TlsOptions) -> ssl.SSLContext:
    """A client context that follows ``tls.verify`` and the like, and trusts AWS_CA_BUNDLE too. Raises UserError."""
    context = client_context(options)
    bundle = os.environ.get("AWS_CA_BUNDLE", "")
    if bundle and options.tls_verify and not (options.tls_ca_file or options.tls_ca_path):
        try:
            context.load_verify_locations(bundle)
        except (OSError, ssl.SSLError) as error:
            raise UserError(f"AWS_CA_BUNDLE names '{bundle}', which cannot be used: {error}") from error
    return context
