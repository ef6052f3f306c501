"""Raw forms of records to batches, by the name of the form.

Names are global and survive in spools: a chunk is decoded by the plugin that knows its form, whether or not the
configuration still has an input of that kind.
"""

from __future__ import annotations

from collections.abc import Sequence

from outrider.formats import msgpack
from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError
from outrider.pipeline import registry
from outrider.pipeline.config.library import Library
from outrider.pipeline.intake import RECORDS
from outrider.pipeline.plugin import Decoder


class Decoders(dict[str, Decoder]):
    """Those of the inputs at work, and any other when it is asked for. Raises KeyError where nobody knows a form.

    ``library`` has the parsers that forms of the kind ``syslog:PARSER`` name.
    """

    def __init__(self, library: Library) -> None:
        super().__init__({RECORDS: decode_records})
        self._library = library

    def __missing__(self, codec: str) -> Decoder:
        plugin = registry.CODECS.get(codec.partition(":")[0])
        if plugin is None:
            raise KeyError(codec)
        try:
            decoder: Decoder | None = registry.plugin_class("input", plugin).decoder(codec, self._library)
        except UserError as error:  # the parser is gone
            raise KeyError(codec) from error
        if decoder is None:
            raise KeyError(codec)
        self[codec] = decoder
        return decoder


def decode_records(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """The codec of records that inputs made themselves."""
    batch = Batch(tag, [], [])
    found: list[Record] = []
    for piece in pieces:
        times, records, metadata = msgpack.decode(piece)
        batch.times += times
        batch.records += records
        found += metadata or [{}] * len(records)
    batch.metadata = found if any(found) else None
    return batch
