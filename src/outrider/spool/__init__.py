"""Chunks on disk: one file a chunk, safe against ``kill -9`` at any moment.

``chunkfile``  the file: written frame by frame, recovered up to the last whole frame
"""
