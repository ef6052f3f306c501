"""Recorded cases of other programs' behaviour, held against ours: ``python -m tests.conformance FILE...``.

Each module has ``CHECKS``: kind of case to a function that gives None if the case holds, else what differs.
"""
