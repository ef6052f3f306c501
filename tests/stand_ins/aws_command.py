"""The AWS command line, as far as our scripts use it: an operation's options, --query, waiters. Needs botocore alone.

An option, a service or an operation that botocore does not know ends it with status 252, as AWS's own does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import botocore.session
import jmespath
from botocore import xform_name
from botocore.exceptions import ClientError

_USAGE = 252


def main(words: list[str]) -> int:
    """``aws SERVICE OPERATION [--option value]…`` or ``aws SERVICE wait WAITER …``; prints what --query picks."""
    service, operation, *rest = words
    waits = operation == "wait"
    name = rest.pop(0) if waits else operation
    options = _options(rest)
    client = botocore.session.get_session().create_client(service, region_name=options.pop("region", None))
    asked, form = options.pop("query", None), options.pop("output", "json")
    if waits:
        waiter = client.get_waiter(name.replace("-", "_"))
        model = client.meta.service_model.operation_model(waiter.config.operation)
        waiter.wait(**_parameters(model, options))
        return 0
    known = {xform_name(one, "-"): one for one in client.meta.service_model.operation_names}
    if name not in known:
        _usage(f"{service} has no operation {name}")
    model = client.meta.service_model.operation_model(known[name])
    try:
        answer = getattr(client, name.replace("-", "_"))(**_parameters(model, options))
    except ClientError as error:
        print(error, file=sys.stderr)
        return 254
    answer.pop("ResponseMetadata", None)
    found = jmespath.search(asked, answer) if asked else answer
    if form == "text":
        print("\t".join(found) if isinstance(found, list) else found)
    else:
        print(json.dumps(found, default=str))
    return 0


def _options(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            name = word[2:]
            found[name] = []
        elif not name:
            _usage(f"unknown word {word}")
        else:
            found[name].append(Path(word[7:]).read_text() if word.startswith("file://") else word)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _parameters(model: Any, options: dict[str, Any]) -> dict[str, Any]:
    members = {xform_name(name, "-"): (name, shape) for name, shape in model.input_shape.members.items()}
    found: dict[str, Any] = json.loads(options.pop("cli-input-json", "{}"))
    for option, value in options.items():
        if option not in members:
            _usage(f"{model.name} has no option --{option}")
        name, shape = members[option]
        if shape.type_name == "list" and isinstance(value, str):
            value = [value]
        found[name] = int(value) if shape.type_name == "integer" else value
    return found


def _usage(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(_USAGE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
