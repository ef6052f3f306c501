"""Languages on paper: bytes or text in, values out, and back. Nothing here opens, waits or looks at a clock.

Import from the modules: this door is empty so that the launcher, which may use only the standard library,
can import ``outrider.formats.classic`` alone.
"""
