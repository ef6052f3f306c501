"""Adds fields that say which ECS cluster, task and container a record comes from."""
