"""Following files that others write, rotate and truncate.

``file``      one followed file: position, reading, truncation
``gzip``      a compressed file, read whole
``found``     which files there are: patterns, new ones, rotated ones
``watch``     what happens to the files
``inotify``   the kernel's word that a directory has changed
``offsets``   the database of positions, in Fluent Bit's table
``positions`` where each file is to be read on, after a restart too
"""
