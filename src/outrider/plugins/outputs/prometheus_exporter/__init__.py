"""Serves metrics to Prometheus."""
