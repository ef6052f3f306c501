"""Keys as AWS's own tools find them, by botocore's chain, kept fresh.

In this order: environment, profile (with roles, web identity, SSO, processes), the container's endpoint (ECS, EKS),
the instance's. A ``profile`` that is named in the options goes before the environment. What blocks runs in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final

from outrider.aws.endpoints import Endpoint, endpoint_of
from outrider.model.errors import PeerError, UserError
from outrider.net.threads import detached

RENEW_SECONDS: Final = 60.0
"""Keys are looked up anew because of errors once in so long. Source: Fluent Bit, FLB_AWS_CREDENTIAL_REFRESH_LIMIT."""
_EARLY: Final = 600.0
"""Keys are replaced so long before they end; botocore's own bound for keys that must not be used any more."""
_LATEST: Final = 60.0


@dataclass(frozen=True, slots=True)
class Keys:
    """What requests are signed with. ``expires``: seconds since the epoch, None: never."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False, default=None)
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who to be: options of the same names."""

    region: str
    profile: str = ""
    role_arn: str = ""
    external_id: str = field(repr=False, default="")
    sts_endpoint: str = ""
    endpoint: str = ""
    """URL that keys come from instead of all other places, as from the container's endpoint."""


class Credentials:
    """The keys of one identity. Nothing is read or asked before the first ``current``."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._sts = endpoint_of("sts", identity.region, identity.sts_endpoint, key="sts_endpoint")
        self._source: Any = None
        self._keys: Keys | None = None
        self._looked = self._renewed = float("-inf")
        self._busy: asyncio.Lock | None = None

    def check(self) -> None:
        """Raise UserError where botocore is missing or the profile is not there."""
        session = _session(self._identity, self._sts)
        from botocore.exceptions import BotoCoreError

        try:
            session.get_scoped_config()
        except BotoCoreError as error:
            raise UserError(f"AWS configuration: {error}") from None

    async def current(self) -> Keys:
        """Keys that are good for a minute or more. Raises PeerError when there are none."""
        keys = self._keys
        if keys is not None and not self._ageing(keys):
            return keys
        self._busy = self._busy or asyncio.Lock()
        async with self._busy:
            keys = self._keys
            if keys is not None and not self._ageing(keys):
                return keys
            self._looked = time.monotonic()
            found: list[Keys] = []
            try:
                await detached(self._look_up, found)
            except PeerError:
                if keys is None or keys.expires is None or keys.expires < time.time() + _LATEST:
                    raise
                return keys  # they have some minutes left
            self._keys = found[0]
            return found[0]

    @property
    def source(self) -> str:
        """Who gave the keys, in botocore's words, such as ``container-role``; empty before ``current``."""
        return str(getattr(self._source, "method", ""))

    async def renew(self) -> bool:
        """These keys were refused: look them up anew, once a minute at most. Whether that was done."""
        now = time.monotonic()
        if now - self._renewed < RENEW_SECONDS:
            return False
        self._renewed = now
        self._source = self._keys = None
        await self.current()
        return True

    def _ageing(self, keys: Keys) -> bool:
        """Whether it is time for others: once a minute from ten minutes before the end, each time in the last one."""
        if keys.expires is None:
            return False
        left = keys.expires - time.time()
        return left < _LATEST or (left < _EARLY and time.monotonic() - self._looked > _LATEST)

    def _look_up(self, found: list[Keys]) -> None:
        """Blocking. Raises PeerError."""
        from botocore.exceptions import BotoCoreError

        try:
            source = self._source = self._source or self._chain()
            if source is None:
                raise PeerError(_NONE)
            frozen = source.get_frozen_credentials()
        except BotoCoreError as error:
            raise PeerError(f"AWS credentials: {error}") from None
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            # A malformed file or answer somewhere in the chain; its text may hold what it could not read.
            raise PeerError(f"AWS credentials cannot be read: {type(error).__name__}") from None
        ends = getattr(source, "_expiry_time", None)
        found.append(Keys(frozen.access_key, frozen.secret_key, frozen.token, ends.timestamp() if ends else None))

    def _chain(self) -> Any:
        """botocore's source of keys; None: there is none."""
        session = _session(self._identity, self._sts)
        identity = self._identity
        source = _from_url(identity.endpoint) if identity.endpoint else session.get_credentials()
        roles = [(os.environ.get("EKS_POD_EXECUTION_ROLE", ""), ""), (identity.role_arn, identity.external_id)]
        for role, external_id in roles:
            if role and source is not None:
                source = _assumed(source, role, external_id, session.create_client)
        return source


_NONE: Final = (
    "no AWS credentials found; looked in the environment, profiles, web identity, the container's and the instance's"
    " endpoint; fix: give the task a task role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)


def _from_url(url: str) -> Any:
    from botocore.credentials import ContainerProvider

    return ContainerProvider(environ={ContainerProvider.ENV_VAR_FULL: url}).load()


def _assumed(source: Any, role: str, external_id: str, client: Any) -> Any:
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    extra = {"RoleSessionName": secrets.token_hex(16), **({"ExternalId": external_id} if external_id else {})}
    fetcher = AssumeRoleCredentialFetcher(client, source, role, extra_args=extra)
    return DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)


def _session(identity: Identity, sts: Endpoint) -> Any:
    """A session of botocore whose STS client is ours. Raises UserError without botocore."""
    try:
        from botocore.session import Session
    except ImportError as error:
        raise UserError(
            f"AWS outputs need botocore, which is not installed ({error})",
            fix="install outrider with its extra: pip install '.[aws]' in its source",
        ) from None
    from outrider.aws.sts import Sts

    logging.getLogger("botocore").setLevel(logging.CRITICAL + 1)  # what fails is raised; its log has tracebacks

    class Ours(Session):  # type: ignore[misc]  # botocore has no types
        """Knows where STS is."""

        def create_client(self, service_name: str, *arguments: Any, **named: Any) -> Any:
            if service_name != "sts":
                return super().create_client(service_name, *arguments, **named)
            secret = named.get("aws_secret_access_key")
            keys = Keys(named["aws_access_key_id"], secret, named.get("aws_session_token")) if secret else None
            return Sts(sts, identity.region, keys)

    session = Ours(profile=identity.profile or None)
    session.set_config_variable("region", identity.region)
    return session
