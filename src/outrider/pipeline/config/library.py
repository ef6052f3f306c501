"""What plugins name in a configuration: parsers, its own and those that are built in, and upstreams.

A parser is compiled when a plugin asks for it, and what compiles them is imported then: many pipelines have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from outrider.model.errors import Place, UserError
from outrider.pipeline.config.configuration import PluginSection, expand_all
from outrider.pipeline.config.upstreams import Upstreams
from outrider.pipeline.options import Property

if TYPE_CHECKING:
    from outrider.formats.multiline import MultilineParser
    from outrider.formats.parser import Parser
    from outrider.pipeline.config.definitions import ParserOptions

_BUFFER_LIMIT: Final = 2 * 1024 * 1024
"""The default of ``multiline_buffer_limit``."""


class Library:
    """See the module. ``warn`` gets a message and what it is about, as ``Log.warn`` does, ``doubt`` what is right but
    hardly meant; ``buffer_limit`` is the service's ``multiline_buffer_limit``. ``faults`` are sections that cannot be.
    """

    def __init__(
        self,
        sections: Sequence[PluginSection] = (),
        variables: Mapping[str, str] | None = None,
        warn: Callable[[str, str], None] = lambda message, about: None,
        buffer_limit: int = _BUFFER_LIMIT,
        upstreams: Upstreams | None = None,
        doubt: Callable[[UserError], None] = lambda warning: None,
    ) -> None:
        self.faults: list[UserError] = []
        self.upstreams = upstreams or Upstreams()
        self.buffer_limit = buffer_limit
        self._warn = warn
        self._doubt = doubt
        self._faulty: dict[tuple[str, str], Place] = {}
        self._parsers: dict[str, Parser] = {}
        self._sections: dict[tuple[str, str], tuple[list[Property], Place]] = {}
        for section in sections:
            self._add(section, variables or {})

    def _add(self, section: PluginSection, variables: Mapping[str, str]) -> None:
        kind, place = section.kind, section.place
        properties = expand_all(
            section.properties, variables, lambda text, place, fix: self._doubt(UserError(text, place, fix=fix))
        )
        name = next((item.value for item in properties if item.key == "name"), "")
        if section.faulty:
            self._faulty[kind, name] = place
        elif not name:
            self.faults.append(UserError(f"[{kind.upper()}] without Name", place, fix="add a line 'Name NAME'"))
        elif (kind, name) in self._sections:
            first = self._sections[kind, name][1]
            self.faults.append(UserError(f"two {kind}s are named '{name}', first at {first}", place, fix="rename one"))
        else:
            self._sections[kind, name] = (properties, place)

    def parser(self, name: str) -> Parser:
        """The parser of that name. Raises UserError."""
        if name not in self._parsers:
            from outrider.pipeline.config import definitions, stock

            properties, place = self._properties("parser", name, stock.PARSERS)
            self._parsers[name] = definitions.make_parser(name, properties, place, self._warn, self._doubt)
        return self._parsers[name]

    def own_options(self, name: str) -> ParserOptions | None:
        """How the configuration defines the parser of that name; None where it does not. Raises UserError."""
        found = self._sections.get(("parser", name))
        if found is None:
            return None
        from outrider.pipeline.config import definitions

        return definitions.parser_options(name, found[0], self._doubt)

    def multiline(self, name: str) -> MultilineParser:
        """A multiline parser of that name. Raises UserError."""
        from outrider.pipeline.config import definitions, stock

        properties, place = self._properties("multiline_parser", name, stock.MULTILINE)
        return definitions.make_multiline(name, properties, place, self._warn, self._doubt, self.parser)

    def check(self) -> Iterable[UserError]:
        """The faults of all definitions, the unused ones too."""
        for kind, name in self._sections:
            try:
                _ = self.parser(name) if kind == "parser" else self.multiline(name)
            except UserError as error:
                yield error

    def _properties(
        self, kind: str, name: str, built_in: Mapping[str, Mapping[str, str]]
    ) -> tuple[list[Property], Place]:
        found = self._sections.get((kind, name))
        if found is not None:
            return found
        faulty = self._faulty.get((kind, name)) or self._faulty.get((kind, ""))
        if faulty is not None:
            what = f"{kind.replace('_', ' ')} '{name}'"
            raise UserError(f"{what} cannot be made: its section, at {faulty}, has faults", fix="mend those first")
        if name in built_in:
            from outrider.pipeline.config import definitions

            return definitions.as_properties({"name": name, **built_in[name]}), definitions.BUILT_IN
        known = {own for of_kind, own in self._sections if of_kind == kind}
        raise UserError(
            f"{kind.replace('_', ' ')} '{name}' is not known",
            found=name,
            allowed=sorted({*known, *built_in}),
            fix="correct the name, or name the file that defines it with Parsers_File in [SERVICE]",
        )
