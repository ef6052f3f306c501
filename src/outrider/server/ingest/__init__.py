"""From an agent's batch to the store, through a log that is on disk before the agent is told so.

``frames``     the bytes of one batch in the log: encoding, scanning, finding the next good one after damage (pure)
``log``        the segment files: append, one fdatasync for many batches, recovery, retention
``segments``   the directory of those files, read by position
``ledger``     which batches were received, so that one sent twice is stored once; records counted per host (SQLite)
``committer``  gathers the batches that arrive together into one commit; the only writer of log and ledger
"""
