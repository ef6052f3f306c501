"""A stand-in for AWS beside a task that runs here.

``wants`` says what the outputs and log drivers of a task want to be there, and points them at the stand-in (pure).
``service`` starts a moto server (``stand_in``, a program of its own) and creates that, ``awslogs`` is Docker's log
driver of that name, ``arrived`` tells and writes what has come, ``local`` puts these together for one run.
"""

from outrider.taskdef.run.local_aws.local import Beside, LocalAws, local_aws

__all__ = ["Beside", "LocalAws", "local_aws"]
