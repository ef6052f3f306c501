"""A YAML file that can be edited and keeps every byte that the edit is not about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from outrider.model.errors import Place, UserError
from outrider.taskdef import trees
from outrider.taskdef.jsontree import Node
from outrider.taskdef.shape import Path
from outrider.taskdef.source import Source
from outrider.taskdef.yamledit import YamlText
from outrider.taskdef.yamltree import read_tree, read_trees

_BOM: Final = "\ufeff"


class YamlSource(Source):
    """One document of a YAML file; an edit keeps the others."""

    def __init__(
        self, text: str, file: str, read: Callable[[str, str], Node] = read_tree, document: int = 0, title: str = ""
    ) -> None:
        """``read`` gives the value of the ``document``, which is counted from 0. Raises UserError with its place."""
        super().__init__(text, file, read)
        self.document = document
        self.title = title

    def _append(self, path: Path, value: Any) -> str:
        return self._mark + self._page().append(path, value)

    def _set(self, path: Path, key: str, value: Any) -> str:
        return self._mark + self._page().set(path, key, value)

    def _rename(self, path: Path, key: str, name: str) -> str:
        return self._mark + self._page().rename(path, key, name)

    def _remove(self, path: Path) -> str:
        return self._mark + self._page().remove(path)

    @property
    def _mark(self) -> str:
        return _BOM if self.text.startswith(_BOM) else ""

    def _page(self) -> YamlText:
        return YamlText(self.text.removeprefix(_BOM), self.file, self.document)

    def _checked(self, text: str, wanted: Any) -> Source:
        """See Source; the other documents are to hold what they held."""
        before = [node.value for node in read_trees(self.text, self.file)] if self.title else [wanted]
        before[self.document] = wanted
        try:
            after = read_trees(text, self.file)
        except UserError as error:
            raise self._refusal(str(error.message)) from error
        if not trees.same([node.value for node in after], before):
            raise self._refusal("it would hold another value then")
        return YamlSource(text, self.file, lambda *_: after[self.document], self.document, self.title)

    def _refusal(self, why: str) -> UserError:
        return UserError(
            f"this cannot be edited in YAML that is written so: {why}", Place(self.file, 1, 1), fix="edit it by hand"
        )
