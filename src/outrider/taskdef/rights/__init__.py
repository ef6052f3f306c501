"""The rights that a task definition needs in AWS, and why: for the task role and the execution role. Pure.

``need``          the words: a need, its reason, a note
``scope``         partition, region and account
``output``        an output's options, and the names in them that stay open
``outputs``       where outputs are named
``destinations``  the rights of each output to AWS
``execution``     what ECS itself fetches and writes
``task``          all of it for one task definition
``policy``        needs as a policy
``patterns``      ``*`` and ``?``: what covers what
``granted``       a policy that is there, read
``compare``       what such policies lack, and what they allow beyond
"""

from outrider.taskdef.rights.compare import Difference, compare
from outrider.taskdef.rights.granted import Granted, read_granted
from outrider.taskdef.rights.need import EXECUTION, TASK, Need, Note, Reason, Rights
from outrider.taskdef.rights.policy import policy
from outrider.taskdef.rights.scope import Scope, scope_of
from outrider.taskdef.rights.task import rights_of

__all__ = [
    "EXECUTION",
    "TASK",
    "Difference",
    "Granted",
    "Need",
    "Note",
    "Reason",
    "Rights",
    "Scope",
    "compare",
    "policy",
    "read_granted",
    "rights_of",
    "scope_of",
]
