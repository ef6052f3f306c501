"""Every task definition of the published documents, completed: linted, protected, migrated, unprotected.

``seeds/NAME.json`` is the file, ``seeds/NAME.txt`` what becomes of it: each part edits what the one before it left.
"""

import json
from pathlib import Path

import pytest

from outrider.cli.task_edit import difference
from outrider.model.errors import UserError
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.protect import PROFILES, Migration, Wish, migrate, protect, unprotect
from outrider.taskdef.source import task_source

SEEDS = Path(__file__).parent / "seeds"
WISH = Wish(PROFILES["alertlogic"], adopt_router=True)


def faults(source):
    return [f"{finding.place}: {finding.id}" for finding in check(source, RULES) if finding.level == "error"]


def told(title, old, edit):
    """The result of an edit, and how it reads."""
    try:
        edited = edit(old)
    except UserError as error:
        return old, f"## {title}\n\n{error}\n"
    again = edit(edited.source)
    assert (again.source.source.text, again.changed) == (edited.source.source.text, [])
    json.loads(edited.source.source.text)
    if edited.source is old:
        lines = ["nothing changed", *(f"note: {note}" for note in edited.notes), ""]
        return old, "\n".join([f"## {title}", "", *lines])
    lines = [*edited.changed, *(f"note: {note}" for note in edited.notes)]
    text = difference(old.source.text, edited.source.source.text, "task.json")
    return edited.source, "\n".join([f"## {title}", "", *lines, "", text])


def story(source):
    parts = ["\n".join(["## lint", "", *(faults(source) or ["no error"]), ""])]
    for title, edit in (
        ("migrate", lambda old: migrate(old, Migration("cloudwatch"))),
        ("protect", lambda old: protect(old, WISH)),
        ("unprotect", unprotect),
    ):
        source, text = told(title, source, edit)
        parts.append(text)
    return "\n".join(parts)


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.json")), ids=lambda path: path.stem)
def test_the_documents(path):
    source = task_source(path.read_text(), "task.json")
    assert story(source) == path.with_suffix(".txt").read_text()


OLDER = {"agent_image": "alertlogic/al-agent-container:latest", "router_image": "fluent/fluent-bit:latest"}
KEY = (("KEY", "your_registration_key_here"),)


@pytest.mark.parametrize(
    ("name", "wish"),
    [
        ("newer-mdr", Wish(WISH.profile)),
        ("newer-key", Wish(WISH.profile, environment=KEY)),
        ("older-mdr", Wish(WISH.profile, **OLDER)),
        ("older-key", Wish(WISH.profile, environment=KEY, **OLDER)),
        ("newer-cloudwatch", Wish(WISH.profile)),
    ],
)
def test_the_sidecars_are_those_of_the_documents(name, wish):
    """Both styles of both documents, and the plug-in that an output needs: the same members in the same order."""
    definition = json.loads((SEEDS / f"{name}.json").read_text())
    documented = definition["containerDefinitions"][:2]
    del definition["containerDefinitions"][:2]
    protected = protect(task_source(json.dumps(definition), "task.json"), wish).source.task
    assert json.dumps(protected["containerDefinitions"][-2:]) == json.dumps(documented)
