"""What AWS says when a call is refused, in words that tell what to do. Pure."""

from __future__ import annotations

import re
from typing import Final

from outrider.model.errors import OutriderError, PeerError, UserError, UserErrors
from outrider.taskdef.deploy.causes import explain
from outrider.taskdef.shape import Locate, Path

_DENIED = re.compile(r"not authorized to perform: (?P<action>[\w-]+:[\w*]+)(?: on resource: (?P<resource>\S+))?")
_WHO = re.compile(r"User: (?P<who>\S+) is not")
_NO_ACCESS: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_STALE_KEYS: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidSignatureException"}
    | {"RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException"}
)
_GONE: Final = {
    "ClusterNotFoundException": ("there is no such cluster in this region", "check --cluster, --region and --profile"),
    "ServiceNotFoundException": ("there is no such service in this cluster", "check --service, --cluster and --region"),
    "ServiceNotActiveException": ("the service is not active", "create it anew: it has been deleted"),
}
_FIXES: Final = {
    "DescribeTaskDefinition": "check family and revision, --region and --profile; aws ecs list-task-definitions names"
    " those that there are",
    **dict.fromkeys(
        ("DescribeServices", "UpdateService", "ListTasks", "DescribeTasks"),
        "check --service, --cluster, --region and --profile",
    ),
}
"""Where AWS's words stand for no known cause."""
_OTHER_SIDE = re.compile(r"Throttl|TooManyRequests|ServerException|ServiceUnavailable|Internal(Error|Fail)")
_UNKNOWN = re.compile(r'Unknown parameter in (\S+): "([^"]*)", must be one of: (.*)')
_MISSING = re.compile(r'Missing required parameter in (\S+): "([^"]*)"')
_WRONG = re.compile(
    r"Invalid type for parameter (.+?), value: .*, type: <class '(.+?)'>, valid types: <class '(\w+)'>", re.DOTALL
)
_NEXT = re.compile(r"\n(?=Unknown parameter in |Missing required parameter in |Invalid )")
_TYPES: Final = {
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "a boolean",
    "dict": "an object",
    "list": "an array",
}
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_AS_ECS: Final = "write it as 'aws ecs register-task-definition --cli-input-json' takes it"


class Denied(UserError):  # noqa: N818 - a kind of the class above
    """A right is missing."""


def fault(code: str, message: str, status: int, operation: str, about: str = "") -> OutriderError:
    """The error for an answer of AWS's to ``operation`` (``RegisterTaskDefinition``).

    ``about`` is what was asked for.
    """
    if code in _NO_ACCESS or _DENIED.search(message):
        return _denied(message, operation)
    if code in _STALE_KEYS:
        remedy = "renew the credentials (aws sso login), or name others with --profile"
        return UserError(f"AWS does not take these credentials: {message}", fix=remedy)
    if code in _GONE:
        said, fix = _GONE[code]
        return UserError(f"{about}: {said}" if about else said, fix=fix)
    called = f"{operation} of {about}" if about else operation
    if status >= 500 or _OTHER_SIDE.search(code):
        return PeerError(f"{called}: {code}: {message}")
    causes = list(explain(message))
    what = "".join(f"; {cause.why}" for cause in causes)
    fix = "; ".join(cause.fix for cause in causes) or _FIXES.get(operation, "")
    return UserError(f"{called}: {message}{what}", fix=fix)


def invalid(report: str, locate: Locate) -> UserError:
    """The error for a definition that boto3 does not send, from its report of every fault."""
    errors = [_invalid(line, locate) for line in _NEXT.split(report)]
    return errors[0] if len(errors) == 1 else UserErrors(errors)


def _denied(message: str, operation: str) -> Denied:
    found, who = _DENIED.search(message), _WHO.search(message)
    action = found["action"] if found else f"ecs:{operation}"
    resource = (found["resource"] or "").rstrip(".,") if found else ""
    what = f"{action} on {resource}" if resource else action
    if "explicit deny" in message:
        fix = f"one of its policies denies {action}: remove that statement"
    else:
        fix = f"allow {what} in its policy"
    return Denied(f"{who['who'] if who else 'this identity'} may not {what}", fix=fix)


def _invalid(line: str, locate: Locate) -> UserError:
    """One fault of the report, without the value, which may be a secret."""
    if found := _UNKNOWN.match(line):
        path, member, known = found.groups()
        place = locate((*_path(path), member))
        return UserError(f"ECS knows no '{member}' here", place, found=member, allowed=known.split(", "))
    if found := _MISSING.match(line):
        path, member = found.groups()
        return UserError(f"{member} is missing", locate(_path(path)), fix=f"add {member}; {_AS_ECS}")
    if found := _WRONG.match(line):
        path, kind, wanted = found.groups()
        return UserError(f"{path} is {_kind(wanted)}, this is {_kind(kind)}", locate(_path(path)), fix=_AS_ECS)
    return UserError(line.partition(", value:")[0], locate(()), fix=_AS_ECS)


def _kind(python: str) -> str:
    return _TYPES.get(python, python)


def _path(text: str) -> Path:
    """``containerDefinitions[0].name``, or ``input`` for the definition itself."""
    if text == "input":
        return ()
    return tuple(int(index) if index else name for name, index in _STEP.findall(text))
