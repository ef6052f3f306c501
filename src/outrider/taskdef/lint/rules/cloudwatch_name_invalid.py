"""Names of groups and streams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import CLOUDWATCH, is_set, outputs, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.rights.output import Output
from outrider.taskdef.view import Task

_GROUP: Final = re.compile(r"(?!aws/)[.\-_/#A-Za-z0-9]{1,512}")
_STREAM: Final = re.compile(r"[^:*]{1,512}")
_NAMES: Final = {"log_group_name": _GROUP, "log_stream_name": _STREAM, "log_stream_prefix": _STREAM}
_GO_FIELD: Final = re.compile(r"\$\([^)]*\)")
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_PLACEHOLDER: Final = re.compile(r"<[^>]*>")


class CloudwatchNameInvalid(Rule):
    """A name that CloudWatch Logs refuses."""

    id = "cloudwatch-name-invalid"
    level: ClassVar[Level] = "error"
    why = "CloudWatch answers InvalidParameterException, and no log of the container arrives."
    fix = "use letters, digits and . - _ / # in groups, and neither : nor * in streams"
    url = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in outputs(task):
            for key, pattern in _NAMES.items() if output.plugin in CLOUDWATCH else ():
                name = plain_name(output, key)
                if name and not pattern.fullmatch(name):
                    yield Hit(
                        path_of(output.written[key].where),
                        f"{output.owner}: {key} is '{name[:120]}'{_reason(key, name)}",
                    )


def plain_name(output: Output, key: str) -> str:
    """The name with a letter for what is filled in later; empty where it is not set."""
    if not is_set(output, key):
        return ""
    text = _PLACEHOLDER.sub("x", _VARIABLE.sub("x", output.text(key)))
    return _GO_FIELD.sub("x", text) if output.plugin == "cloudwatch" else text


def _reason(key: str, name: str) -> str:
    if len(name) > 512:
        return ", longer than 512 characters"
    bad = sorted(set(re.sub(r"[.\-_/#A-Za-z0-9]", "", name) if key == "log_group_name" else re.findall("[:*]", name)))
    return f", and CloudWatch refuses {' '.join(map(repr, bad[:5]))}" if bad else ", and aws/ is Amazon's own"
