"""The task metadata endpoint, version 4, of a task that runs here.

``document`` makes what it answers (pure), ``usage`` says what a plain process uses, ``now`` looks at a running task,
``protection`` is what a task says of its protection, ``endpoint`` is the server of both.
"""

from outrider.taskdef.run.metadata.document import Network
from outrider.taskdef.run.metadata.endpoint import metadata_of, metadata_variables
from outrider.taskdef.run.metadata.now import Running

__all__ = ["Network", "Running", "metadata_of", "metadata_variables"]
