"""The picture of a pipeline as SVG: inputs on the left, filters in the middle, outputs on the right. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from outrider.pipeline.operate.explain import Edge, Graph, Node, printable

_WIDTH: Final = 300
_GAP: Final = 110
_LINE: Final = 17
_PAD: Final = 12
_BETWEEN: Final = 22
_TOP: Final = 64
_CHARACTERS: Final = 41
"""So many fit on a line of a box."""
_COLOURS: Final = ("#2f6fde", "#c2570c", "#0f8a5f", "#8b3fc4", "#b8860b", "#c22d5e", "#117f8c", "#5c6470")
_STYLE: Final = """
  .ground { fill: #ffffff } .box { fill: #f6f8fa; stroke: #8c959f } text { fill: #1f2328 }
  .name { font: 600 13px system-ui, sans-serif } .line { font: 11px ui-monospace, monospace }
  .title { font: 600 12px system-ui, sans-serif; letter-spacing: .08em; fill: #59636e }
  .route { fill: none; stroke-width: 2 } .maybe { stroke-dasharray: 6 5 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .box { fill: #161b22; stroke: #6e7681 } text { fill: #e6edf3 } .title { fill: #9198a1 }
  }
"""


@dataclass(frozen=True, slots=True)
class _Box:
    node: Node
    x: int
    y: int
    height: int

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


def svg(picture: Graph) -> str:
    """The picture. Dashed routes are for records whose tag fits."""
    columns = [("INPUTS", picture.inputs), ("FILTERS", picture.filters), ("OUTPUTS", picture.outputs)]
    columns = [column for column in columns if column[1]]
    placed = [_column(nodes, _PAD * 2 + number * (_WIDTH + _GAP)) for number, (_, nodes) in enumerate(columns)]
    boxes = {(box.node.kind, box.node.name): box for column in placed for box in column}
    bottom = max((box.y + box.height for box in boxes.values()), default=_TOP)
    notes = [part for note in picture.notes for part in _wrapped(note, 110)]
    width = _PAD * 4 + len(columns) * _WIDTH + (len(columns) - 1) * _GAP
    height = bottom + _BETWEEN + _LINE * len(notes) + _PAD
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-label="pipeline">',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
    ]
    colours = {node.name: _COLOURS[number % len(_COLOURS)] for number, node in enumerate(picture.inputs)}
    lanes = {node.name: 5 * number - 5 * (len(picture.inputs) - 1) // 2 for number, node in enumerate(picture.inputs)}
    lines += [_route(edge, boxes, colours[edge.source], lanes[edge.source]) for edge in picture.edges]
    for (title, _), column in zip(columns, placed, strict=True):
        lines.append(f'<text class="title" x="{column[0].x}" y="{_TOP - 18}">{title}</text>')
        for box in column:
            lines += _drawn(box)
    for number, note in enumerate(notes):
        y = bottom + _BETWEEN + _LINE * number + 4
        lines.append(f'<text class="line" x="{_PAD * 2}" y="{y}">{_clean(note)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _column(nodes: list[Node], x: int) -> list[_Box]:
    boxes, y = [], _TOP
    for node in nodes:
        height = _PAD * 2 + _LINE * (1 + sum(len(_wrapped(line, _CHARACTERS)) for line in node.lines))
        boxes.append(_Box(node, x, y, height))
        y += height + _BETWEEN
    return boxes


def _drawn(box: _Box) -> list[str]:
    x, y = box.x + _PAD, box.y + _PAD + 11
    lines = [
        f'<rect class="box" x="{box.x}" y="{box.y}" width="{_WIDTH}" height="{box.height}" rx="6"/>',
        f'<text class="name" x="{x}" y="{y}">{_clean(box.node.name)}</text>',
    ]
    for number, part in enumerate((part for line in box.node.lines for part in _wrapped(line, _CHARACTERS)), 1):
        lines.append(f'<text class="line" x="{x}" y="{y + _LINE * number}">{_clean(part)}</text>')
    return lines


def _route(edge: Edge, boxes: dict[tuple[str, str], _Box], colour: str, lane: int) -> str:
    """``lane``: so far from the middle, so that routes of several inputs lie side by side."""
    stops = [boxes["input", edge.source], *(boxes["filter", name] for name in edge.filters)]
    target = boxes["output", edge.target]
    path, last = "", stops[0]
    for box in stops[1:]:
        if box.x == last.x:  # one filter below another
            path += f"M{box.x + _WIDTH // 2 + lane},{last.y + last.height}V{box.y}"
        else:
            path += _curve(last.x + _WIDTH, last.middle, box.x, box.middle + lane)
        last = box
    start = last.middle + (lane if edge.filters else 0)
    path += _curve(last.x + _WIDTH, start, target.x, target.middle + lane)
    label = quoteattr(printable(edge.way))
    kind = "route" if edge.sure else "route maybe"
    return f'<path class="{kind}" stroke="{colour}" d="{path}" aria-label={label}/>'


def _curve(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    return f"M{x},{y}C{middle},{y} {middle},{to_y} {to_x},{to_y}"


def _wrapped(line: str, width: int) -> list[str]:
    """The line in parts of ``width`` characters at most; a word is broken only where it alone is longer."""
    parts, rest = [], line
    while len(rest) > width:
        begin = len(rest) - len(rest.lstrip())
        cut = rest.rfind(" ", begin + 1, width + 1)
        cut = cut if cut > begin else width
        parts.append(rest[:cut])
        rest = "  " + rest[cut:].strip()
    return [*parts, rest]


def _clean(text: str) -> str:
    return escape(printable(text)).replace("  ", "&#160;&#160;")
