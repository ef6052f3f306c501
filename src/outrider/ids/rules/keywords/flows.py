"""What is asked of a flow, and states that rules keep."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from outrider.ids.rules.conditions import FlowBits, FlowField, FlowNumber, FlowTest, SharedBits, StreamSize
from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.reading import Reader, words
from outrider.ids.rules.numbers import integer, numbers
from outrider.ids.rules.refusal import RuleError

_FLOW: Final[dict[str, dict[str, Any]]] = {
    "to_server": {"direction": "to_server"},
    "from_client": {"direction": "to_server"},
    "to_client": {"direction": "to_client"},
    "from_server": {"direction": "to_client"},
    "established": {"established": True},
    "not_established": {"established": False},
    "stateless": {},
    "only_stream": {"stream": True},
    "no_stream": {"stream": False},
    "only_frag": {"fragment": True},
    "no_frag": {"fragment": False},
}
_BITS: Final = ("set", "unset", "isset", "isnotset", "toggle")
_SIDES: Final = ("toserver", "toclient", "both", "either")
_TRACKED: Final = ("ip_src", "ip_dst", "ip_pair", "tx")
_HOSTS: Final = {"src": "ip_src", "dst": "ip_dst", "both": "both"}
_COMPARISONS: Final = {"eq": "==", "neq": "!=", "ne": "!=", "lt": "<", "gt": ">", "lte": "<=", "gte": ">="}
_DEFAULT_EXPIRE: Final = 30
_HOST_EXPIRE: Final = 300


def _flow(draft: Draft, value: str) -> None:
    if draft.flow is not None:
        raise RuleError("flow stands there twice")
    told: dict[str, Any] = {}
    for word in words(value.lower()):
        if word not in _FLOW:
            raise RuleError(f"flow: '{word}' is not known; {', '.join(_FLOW)} are")
        for name, wish in _FLOW[word].items():
            if told.setdefault(name, wish) != wish:
                raise RuleError(f"flow: '{word}' contradicts a word before it")
    draft.flow = FlowTest(**told)


def _flowbits(draft: Draft, value: str) -> None:
    if value == "noalert":
        draft.noalert = True
        return
    action, comma, rest = value.partition(",")
    action = action.strip()
    names = tuple(name.strip() for name in rest.split("|"))
    _check_bits("flowbits", action, names)
    if not comma:
        raise RuleError("flowbits takes an action and a name: flowbits:set,NAME")
    if len(names) > 1 and action not in ("isset", "isnotset"):
        raise RuleError(f"flowbits: {action} takes one name")
    draft.states.append(FlowBits(action, names))


def _check_bits(keyword: str, action: str, names: tuple[str, ...]) -> None:
    if action not in _BITS:
        raise RuleError(f"{keyword}: '{action}' is no action; {', '.join(_BITS)} are")
    for name in names:
        if not name or " " in name:
            raise RuleError(f"{keyword}: '{name}' is no name")


def _xbits(draft: Draft, value: str) -> None:
    if value == "noalert":
        draft.noalert = True
        return
    action, *rest = words(value)
    if len(rest) < 2:
        raise RuleError("xbits takes an action, a name and a track: xbits:set,NAME,track ip_src,expire 60")
    name, track, expire = rest[0], "", _DEFAULT_EXPIRE
    _check_bits("xbits", action, (name,))
    for word in rest[1:]:
        kind, _, told = word.partition(" ")
        if kind == "track" and told.strip() in _TRACKED:
            track = told.strip()
        elif kind == "expire":
            expire = integer(told, "xbits: expire", 1, (1 << 31) - 1)
        else:
            raise RuleError(f"xbits: '{word}' is not known; track {', '.join(_TRACKED)} and expire SECONDS are")
    if not track:
        raise RuleError("xbits has no track")
    draft.states.append(SharedBits(action, name, track, expire))


def _hostbits(draft: Draft, value: str) -> None:
    if value == "noalert":
        draft.noalert = True
        return
    action, *rest = words(value)
    if not 1 <= len(rest) <= 2 or (len(rest) == 2 and rest[1] not in _HOSTS):
        raise RuleError("hostbits takes an action, a name, and src, dst or both")
    _check_bits("hostbits", action, (rest[0],))
    draft.states.append(SharedBits(action, rest[0], _HOSTS[rest[1] if len(rest) == 2 else "src"], _HOST_EXPIRE))


def _flowint(draft: Draft, value: str) -> None:
    name, *rest = words(value)
    if not name or not 1 <= len(rest) <= 2:
        raise RuleError("flowint takes a name, an operator and a value: flowint:NAME,+,1")
    operator = _COMPARISONS.get(rest[0], rest[0])
    if operator in ("isset", "notset", "isnotset"):
        if len(rest) == 2:
            raise RuleError(f"flowint: {operator} takes no value")
        draft.states.append(FlowNumber(name, "isset" if operator == "isset" else "notset"))
        return
    if operator not in ("=", "+", "-", "==", "!=", "<", ">", "<=", ">=") or len(rest) < 2:
        raise RuleError(f"flowint: '{','.join(rest)}' is no operator with a value")
    right = rest[1]
    value_of = integer(right, "flowint", 0, (1 << 32) - 1) if right[:1].isdigit() else right
    draft.states.append(FlowNumber(name, operator, value_of))


def _stream_size(draft: Draft, value: str) -> None:
    direction, *rest = words(value)
    if direction not in ("server", "client", "both", "either") or not 1 <= len(rest) <= 2:
        raise RuleError("stream_size takes server, client, both or either, an operator, and a number")
    draft.conditions.append(StreamSize(direction, numbers("".join(rest), "stream_size")))


def _flow_number(name: str, direction: str, draft: Draft, value: str) -> None:
    """``flow.pkts_toserver:N`` and the like."""
    draft.conditions.append(FlowField(name, direction, numbers(value, f"flow.{name}")))


def _flow_sided(name: str, draft: Draft, value: str) -> None:
    """``flow.pkts:toserver,N``."""
    side, comma, rest = value.partition(",")
    if not comma or side.strip() not in _SIDES:
        raise RuleError(f"flow.{name} takes a side ({', '.join(_SIDES)}) and a number")
    direction = {"toserver": "to_server", "toclient": "to_client"}.get(side.strip(), side.strip())
    draft.conditions.append(FlowField(name, direction, numbers(rest, f"flow.{name}")))


READERS: Final[dict[str, Reader]] = {
    "flow": _flow,
    "flowbits": _flowbits,
    "xbits": _xbits,
    "hostbits": _hostbits,
    "flowint": _flowint,
    "stream_size": _stream_size,
    "flow.age": partial(_flow_number, "age", "both"),
    **{f"flow.{name}": partial(_flow_sided, name) for name in ("pkts", "bytes")},
    **{
        f"flow.{name}_{side}": partial(_flow_number, name, f"to_{side[2:]}")
        for name in ("pkts", "bytes")
        for side in ("toserver", "toclient")
    },
}
