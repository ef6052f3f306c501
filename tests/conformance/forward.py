"""Checks of the receiving side of the Forward protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.compare import Case, differs

from outrider.formats import msgpack
from outrider.plugins.inputs.forward.decode import decode_entries, decode_messages
from outrider.protocols.forward.handshake import Secrets, check_ping
from outrider.protocols.forward.session import Block, ForwardSession, Refuse, Reply, Shape

_DECODERS = {Shape.MESSAGES: decode_messages, Shape.ENTRIES: decode_entries}


def check_input(case: Case) -> str | None:
    options = case.get("options", {})
    data = bytes.fromhex(case["hex"])
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))]):
        session = ForwardSession()
        events = [event for piece in pieces for event in session.feed(piece)]
        got = [
            record
            for event in events
            if isinstance(event, Block)
            for record in _records(event, options.get("tag") or options.get("tag_prefix", "") + event.tag)
        ]
        replies = b"".join([event.data for event in events if isinstance(event, Reply)]).hex() or None
        closed = any(isinstance(event, Refuse) for event in events)
        wrong = (
            differs(case["events"], got, "events")
            or differs(case["ack_hex"], replies, "acknowledgement")
            or differs(case["connection_closed"], closed, "connection closed")
        )
        if wrong:
            return wrong
    return None


def _records(block: Block, tag: str) -> list[dict[str, Any]]:
    batch = _DECODERS[block.shape](tag, [block.raw], block.count)
    return [
        {"tag": batch.tag, "sec": ns // 1_000_000_000, "nsec": ns % 1_000_000_000, "record": record}
        for ns, record in zip(batch.times, batch.records, strict=True)
    ]


def check_handshake(case: Case) -> str | None:
    secrets = Secrets(case["shared_key"].encode(), case["server_hostname"])
    ping = ["PING", case["client_hostname"], case["shared_key_salt"], case["ping_digest"], "", ""]
    reply, refused = check_ping(ping, secrets, bytes.fromhex(case["nonce_hex"]), b"")
    if refused:
        return f"refused: {refused}"
    return differs(["PONG", True, "", case["server_hostname"], case["pong_digest"]], msgpack.decode(reply))


CHECKS: dict[str, Callable[[Case], str | None]] = {"forward_input": check_input, "forward_handshake": check_handshake}
