"""AWS STS: the two calls that trade a role for keys, for botocore's credential chain. Blocking: for a thread.

botocore's own client would load the description of the whole service, 12 MB of memory, for these two.
"""

from __future__ import annotations

import html
import os
import re
from typing import Any, Final
from urllib.parse import urlencode

from outrider.aws.endpoints import Endpoint
from outrider.aws.faults import fault
from outrider.model.errors import PeerError

_SECONDS: Final = 10.0
_FIELD: Final = r"<{0}>([^<]{{1,20000}})</{0}>"
_GLOBAL: Final = "sts.amazonaws.com"


class Sts:
    """Stands where botocore expects its STS client. ``keys`` None: calls are not signed."""

    def __init__(self, endpoint: Endpoint, region: str, keys: Any = None) -> None:
        self._endpoint = endpoint
        self._region = "us-east-1" if endpoint.host == _GLOBAL else region
        self._keys = keys

    def assume_role(self, **arguments: Any) -> dict[str, Any]:
        """See AWS. Raises PeerError."""
        return self._call("AssumeRole", arguments)

    def assume_role_with_web_identity(self, **arguments: Any) -> dict[str, Any]:
        """See AWS. Raises PeerError."""
        return self._call("AssumeRoleWithWebIdentity", arguments)

    def _call(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError
        from botocore.httpsession import URLLib3Session
        from botocore.utils import get_environ_proxies

        from outrider.aws.signing import payload_hash, signed

        url = f"{self._endpoint.url}/"
        body = urlencode({"Action": action, "Version": "2011-06-15", **arguments}).encode()
        headers = [("Host", self._endpoint.authority), ("Content-Type", "application/x-www-form-urlencoded")]
        if self._keys is not None:
            headers = signed(self._keys, "sts", self._region, "POST", url, headers, payload_hash(body))
        session = URLLib3Session(
            verify=os.environ.get("AWS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True,
            proxies=get_environ_proxies(url),
            timeout=_SECONDS,
        )
        try:
            answer = session.send(AWSRequest("POST", url, headers=dict(headers), data=body).prepare())
        except BotoCoreError as error:
            raise PeerError(f"{self._endpoint.authority}: {action}: {type(error).__name__}: {error}") from None
        finally:
            session.close()
        if answer.status_code != 200:
            problem = fault(answer.status_code, answer.headers, answer.content)
            raise PeerError(f"{self._endpoint.authority}: {action}: {problem}")
        return _reply(answer.content, f"{self._endpoint.authority}: {action}")


def _reply(body: bytes, what: str) -> dict[str, Any]:
    """The keys in an XML answer. Raises PeerError."""
    text = body[: 1 << 18].decode("utf-8", "replace")
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    found = {name: _field(name, text) for name in names}
    if not all(found.values()):
        raise PeerError(f"{what}: the answer holds no keys")
    return {"Credentials": found, "AssumedRoleUser": {"Arn": _field("Arn", text)}}


def _field(name: str, text: str) -> str:
    found = re.search(_FIELD.format(name), text)
    return html.unescape(found[1].strip()) if found else ""
