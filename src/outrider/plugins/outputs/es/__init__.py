"""Elasticsearch by its Bulk API, as Fluent Bit's ``out_es`` (``plugins/out_es``)."""
