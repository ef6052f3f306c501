"""``helm``: the objects of ``kubernetes`` as a chart.

``expressions``  what stands in the slots of the objects: the values of the chart
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from outrider import __version__
from outrider.export.description import Description
from outrider.export.kind import Files, Kind
from outrider.export.kinds.helm.expressions import SLOTS, under
from outrider.export.kubernetes import choices, texts
from outrider.export.kubernetes.slots import fill

_CHART: Final = files("outrider.export.kinds.helm") / "chart"
_PLAIN: Final = ("values.schema.json", "templates/NOTES.txt")
_OF_TEMPLATES: Final = ("templates/secret.yaml", "templates/tests/server.yaml")


def make(description: Description) -> Files:
    """The chart's files, below its name."""
    chart = {name: _text(name) for name in _PLAIN}
    chart["Chart.yaml"] = fill(_text("Chart.yaml"), {"version": __version__})
    chart["values.yaml"] = fill(_text("values.yaml"), _values(description))
    router = fill(texts.router(), {"namespace": SLOTS["namespace"]})
    helpers = {"router": router, "parsers": texts.parsers()}
    chart["templates/_helpers.tpl"] = fill(_text("templates/_helpers.tpl"), helpers)
    for name in texts.OBJECTS:
        chart[f"templates/{name}.yaml"] = under(name, fill(texts.object_text(name), SLOTS))
    for name in _OF_TEMPLATES:
        chart[name] = fill(_text(name), SLOTS)
    return {f"outrider/{name}": chart[name] for name in sorted(chart)}


def _text(name: str) -> str:
    return _CHART.joinpath(*name.split("/")).read_text("utf-8")


def _values(d: Description) -> dict[str, str]:
    server, image = choices.server(d), choices.image(d)
    return {
        "server": server.url,
        "repository": image.repository,
        "tag": image.tag,
        "digest": image.digest,
        "secret": choices.secret(d) if d.token_secret else "",
        "resources": choices.resources(d),
        "tolerations": choices.tolerations(),
        "priority_class": d.priority_class,
        "docker_folder": choices.DOCKER_FOLDER,
        "server_block": server.block,
    }


KIND = Kind(
    "helm",
    "A chart for Helm with the objects of 'outrider export kubernetes', which takes the values of the Alert Logic "
    "agent's chart too. The description gives its default values.",
    "helm install outrider DIR/outrider --namespace outrider --create-namespace; it says what is left to do.",
    frozenset({"image", "server", "token_secret", "memory", "memory_reservation", "priority_class"}),
    make,
)
