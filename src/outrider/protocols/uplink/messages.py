"""The JSON bodies of the uplink, its paths and its headers.

Members that a side does not know are ignored, so that either side may be newer; a member of the wrong type, or one
that is missing and has no default, is an error.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

import msgspec

from outrider.protocols.uplink.readable import readable
from outrider.protocols.uplink.reasons import Reason, Refusal

CA_PATH = "/agent/v1/ca"
TOKEN_PATH = "/agent/v1/token"
ENROL_PATH = "/agent/v1/enrol"
HEARTBEAT_PATH = "/agent/v1/heartbeat"
BATCHES_PATH = "/agent/v1/batches"
BATCH_HEADER = "X-Outrider-Batch"
RECORDS_HEADER = "X-Outrider-Records"

_ID = re.compile("[0-9a-f]{32}")

Text = Annotated[str, msgspec.Meta(max_length=4096)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=253, pattern=r"^[^\x00-\x1f\x7f]+$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class TokenRequest(msgspec.Struct):
    """``POST /agent/v1/token``: would this token enrol a host of this name? Asking does not use it."""

    token: Text
    name: Name


class TokenAnswer(msgspec.Struct):
    """It would; ``uses_left`` counts how often."""

    uses_left: Annotated[int, msgspec.Meta(ge=1)]


class EnrolRequest(msgspec.Struct):
    """``POST /agent/v1/enrol``. ``token`` is the whole text; ``csr_pem`` a PKCS#10 request for the agent's own key."""

    token: Text
    csr_pem: Annotated[str, msgspec.Meta(max_length=16384)]
    name: Name
    kind: Literal["task", "host"]
    version: Text = ""
    capabilities: Annotated[list[Text], msgspec.Meta(max_length=64)] = []
    labels: Annotated[dict[Text, Text], msgspec.Meta(max_length=64)] = {}


class EnrolAnswer(msgspec.Struct):
    """The agent's identity. PEM texts; ``ingest_url`` is where heartbeats and batches go."""

    host_id: str
    certificate_pem: str
    ca_pem: str
    heartbeat_seconds: Annotated[int, msgspec.Meta(ge=1)]
    ingest_url: str


class Ledger(msgspec.Struct):
    """Records since the agent's ledger began: ``accepted = delivered + buffered + sum(dropped)``."""

    accepted: Count = 0
    delivered: Count = 0
    buffered: Count = 0
    dropped: Annotated[dict[Text, Count], msgspec.Meta(max_length=256)] = {}

    @property
    def lost(self) -> int:
        """Records dropped, for whatever reason."""
        return sum(self.dropped.values())


class ContainerState(msgspec.Struct):
    """A container that the agent sees. ``last_log_ns`` is the time of its newest record, 0 when it has none."""

    name: Text
    id: Text = ""
    image: Text = ""
    state: Text = ""
    last_log_ns: Count = 0
    records: Count = 0


class Problem(msgspec.Struct):
    """What is wrong and what to do about it; an ``error`` hinders the agent's work, a ``warning`` does not yet."""

    what: Text
    fix: Text = ""
    level: Literal["warning", "error"] = "warning"


class Heartbeat(msgspec.Struct):
    """``POST /agent/v1/heartbeat``: the agent's whole state, replacing the one before.

    ``stopping``: the agent ends in order and this is its last word; ``ledger.buffered`` is what stays in its spool.
    """

    version: Text = ""
    uptime_seconds: Annotated[float, msgspec.Meta(ge=0, le=1e10)] = 0.0
    capabilities: Annotated[list[Text], msgspec.Meta(max_length=64)] = []
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    containers: Annotated[list[ContainerState], msgspec.Meta(max_length=1000)] = []
    problems: Annotated[list[Problem], msgspec.Meta(max_length=100)] = []
    stopping: bool = False


class HeartbeatAnswer(msgspec.Struct):
    """``heartbeat_seconds`` until the next one; ``state`` is what the portal shows for this host."""

    heartbeat_seconds: Annotated[int, msgspec.Meta(ge=1)]
    state: str = ""


class BatchAnswer(msgspec.Struct):
    """200 to a batch: ``durable`` is always true; ``duplicate`` says that the server had this batch already."""

    batch: str
    durable: bool
    duplicate: bool = False


class _Error(msgspec.Struct):
    code: str = Reason.OTHER.value
    message: str = ""
    fix: str = ""


class _ErrorBody(msgspec.Struct):
    error: _Error


M = TypeVar("M", bound=msgspec.Struct)


def encode_message(message: msgspec.Struct) -> bytes:
    """A body as JSON; names that are not valid Unicode are written readably."""
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:
        return msgspec.json.encode(readable(msgspec.to_builtins(message)))


def decode_message(kind: type[M], body: bytes) -> M:
    """A body of that kind. Raises ``Refusal`` (``request_invalid``) that names the member at fault."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(
            Reason.REQUEST_INVALID, f"{kind.__name__}: {error}", "the body must be JSON as the uplink describes it"
        ) from error


def encode_refusal(refusal: Refusal) -> bytes:
    """The body of every answer that is not 2xx: ``{"error": {"code", "message", "fix"}}``."""
    return msgspec.json.encode(_ErrorBody(_Error(refusal.reason.value, refusal.message, refusal.fix)))


def decode_refusal(status: int, body: bytes) -> Refusal:
    """What an answer that is not 2xx means; never raises. A foreign body (a proxy's page) is judged by its status."""
    try:
        error = msgspec.json.decode(body, type=_ErrorBody).error
        return Refusal(Reason(error.code), error.message, error.fix)
    except (ValueError, RecursionError):
        reason = {400: Reason.MALFORMED, 413: Reason.TOO_BIG, 503: Reason.OVERLOADED, 429: Reason.OVERLOADED}.get(
            status, Reason.OTHER
        )
        return Refusal(reason, f"the server answered {status} without a reason")


def batch_id(text: str) -> bytes:
    """The 16 bytes of a batch id as written in ``X-Outrider-Batch``. Raises ``Refusal`` (``malformed``)."""
    if not _ID.fullmatch(text):
        raise Refusal(Reason.MALFORMED, f"{BATCH_HEADER} must be 32 of 0-9a-f, found {text[:64]!r}")
    return bytes.fromhex(text)
