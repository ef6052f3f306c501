"""OpenSearch by its Bulk API, as Fluent Bit's ``out_opensearch`` (``plugins/out_opensearch``)."""
