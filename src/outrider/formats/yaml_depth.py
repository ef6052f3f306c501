"""How deeply a YAML text is nested, counted before anything is composed of it.

PyYAML's C loader calls itself for each level, and a text of brackets alone would end the process.
"""

from __future__ import annotations

from outrider.model.errors import Place, UserError


def check_depth(text: str, file: str, limit: int) -> None:
    """Raises UserError, with line and column, where more than ``limit`` maps and lists are open; else YAMLError."""
    import yaml

    depth = 0
    for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > limit:
                place = Place(file, event.start_mark.line + 1, event.start_mark.column + 1)
                raise UserError(f"not YAML: more than {limit} levels of nesting", place, fix="nest less deeply")
