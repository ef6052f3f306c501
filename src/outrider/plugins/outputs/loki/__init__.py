"""Grafana Loki's push API, as Fluent Bit's ``out_loki`` (``plugins/out_loki``)."""
