"""Records as odd as an input can hand them in."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import strategies as st

from outrider.formats import msgpack


def odd_records(*named: str) -> st.SearchStrategy[Any]:
    """Maps with these keys and any others, of values of every type, nested."""
    text = st.one_of(st.text(max_size=6), st.binary(max_size=4).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
    keys = st.one_of(
        st.sampled_from(named),
        text,
        st.integers(),
        st.binary(max_size=3),
        st.none(),
        st.booleans(),
        st.tuples(st.integers()),
    )
    values = st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            text,
            st.binary(max_size=5),
            st.just("\ud800"),
            st.just(msgpack.Ext(5, b"ext")),
            st.just(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
        ),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
        max_leaves=6,
    )
    return st.dictionaries(keys, values, max_size=4)
