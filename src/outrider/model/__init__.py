"""The words that every room uses: places and errors, tags, times, sizes, batches of records.

Import from the modules: this door is empty so that the launcher, which may use only the standard library,
can import ``outrider.model.errors`` alone.
"""
