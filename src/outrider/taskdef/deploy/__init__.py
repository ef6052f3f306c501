"""A task definition brought to a running service, and taken back if it does not settle.

``definition``  what ECS takes of a file; pure
``rollout``     a deployment as ECS's answers tell it: what is new, and how it ended; pure
``causes``      why a task stopped: what ECS's words and exit statuses stand for; pure
``faults``      what AWS says when it refuses a call; pure
``ecs``         the calls, through boto3
``deployment``  plan, register, update, watch, roll back
"""

from outrider.taskdef.deploy.definition import definition_of, deployable, only, short
from outrider.taskdef.deploy.deployment import Deployment, Outcome, Plan, Target, World, plan
from outrider.taskdef.deploy.ecs import Ecs

__all__ = [
    "Deployment",
    "Ecs",
    "Outcome",
    "Plan",
    "Target",
    "World",
    "definition_of",
    "deployable",
    "only",
    "plan",
    "short",
]
