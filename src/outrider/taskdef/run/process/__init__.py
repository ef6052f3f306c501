"""Containers as plain processes (``container``).

``child`` starts and stops one, ``guard`` outlives the runner to clean up after it.
"""
