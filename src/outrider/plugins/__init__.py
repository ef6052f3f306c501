"""Inputs, filters and outputs: one room a plugin, the same doors in each.

``config.py`` declares the options, a pure middle (``format.py``, ``parse.py`` …) does the work on bytes and batches,
``plugin.py`` is the only part that awaits. A plugin never imports a plugin. ``outrider.pipeline.registry`` lists them.
"""
