"""The uplink: what an agent and its server say to each other, over HTTPS.

``token``     the join token that an operator hands to an agent, and the pin that lets the agent trust the server
``messages``  the JSON bodies: enrolment, heartbeat, answers
``rows``      the body of a batch: rows as msgpack in one zstd frame, and the limits that a receiver enforces
``severities``  the spellings of severities
``readable``  text that JSON has no form for, made readable
``reasons``   why a request was refused, with the HTTP status and whether sending it again can help

The course of it, all paths below ``/agent/v1`` on the server's ingest port:

1. ``GET /ca`` over TLS that is not verified yet; the certificate's SHA-256 must be the token's pin.
   From here on TLS is verified against that certificate only.
   ``POST /token`` asks whether the server would take the token, without using it.
2. ``POST /enrol`` with the token and a certificate request for a key that never leaves the agent; the answer holds the
   agent's certificate. From here on the agent presents it: the certificate is its identity.
3. ``POST /heartbeat`` every ``heartbeat_seconds``; ``POST /batches`` when there are records. The answer to a batch is
   200 only after the batch is on the server's disk. The same batch id sent again is answered 200 and stored once.
"""

from outrider.protocols.uplink.messages import (
    BATCH_HEADER,
    BATCHES_PATH,
    CA_PATH,
    ENROL_PATH,
    HEARTBEAT_PATH,
    RECORDS_HEADER,
    TOKEN_PATH,
    BatchAnswer,
    ContainerState,
    EnrolAnswer,
    EnrolRequest,
    Heartbeat,
    HeartbeatAnswer,
    Ledger,
    Problem,
    TokenAnswer,
    TokenRequest,
    batch_id,
    decode_message,
    decode_refusal,
    encode_message,
    encode_refusal,
)
from outrider.protocols.uplink.reasons import Reason, Refusal
from outrider.protocols.uplink.rows import Limits, Row, decode_batch, encode_batch, unpacked_size
from outrider.protocols.uplink.token import JoinToken, certificate_pin, hash_secret

__all__ = [
    "BATCHES_PATH",
    "BATCH_HEADER",
    "CA_PATH",
    "ENROL_PATH",
    "HEARTBEAT_PATH",
    "RECORDS_HEADER",
    "TOKEN_PATH",
    "BatchAnswer",
    "ContainerState",
    "EnrolAnswer",
    "EnrolRequest",
    "Heartbeat",
    "HeartbeatAnswer",
    "JoinToken",
    "Ledger",
    "Limits",
    "Problem",
    "Reason",
    "Refusal",
    "Row",
    "TokenAnswer",
    "TokenRequest",
    "batch_id",
    "certificate_pin",
    "decode_batch",
    "decode_message",
    "decode_refusal",
    "encode_batch",
    "encode_message",
    "encode_refusal",
    "hash_secret",
    "unpacked_size",
]
