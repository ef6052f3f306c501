"""The words that every room uses: places and errors, tags, batches of records.

``errors``  places, and the three declared kinds of error
``tag``     tags and the patterns that match them
``batch``   records on their way, with their times

Import from the modules: this door is empty so that the launcher, which may use only the standard library,
can import ``outrider.model.errors`` alone.
"""
