"""Chunks on disk: one file a chunk, safe against ``kill -9`` at any moment.

``chunkfile``  the file: written frame by frame, recovered up to the last whole frame
``disk``       directories: made, locked, and what to do when the disk refuses
``growing``    a file that grows until it is sent whole, with a head that says how much of it is valid
"""
