"""Protect a task: the agent and the log router beside its applications, whose output goes to the router.

``profile``   the two container definitions, as Outrider and as Alert Logic ship them
``values``    what the command's options may say
``refusals``  all reasons against it, said together
``refuse``    why a task definition cannot be protected
``migrate``   an awslogs configuration in the words of the router
``apply``     the edit itself; running it twice changes nothing
"""

from outrider.taskdef.protect.apply import Protected, protect
from outrider.taskdef.protect.profile import PROFILES, Profile, Wish, agent_variables, find_profile
from outrider.taskdef.protect.refusals import Refusals, SeveralError
from outrider.taskdef.protect.values import check_image

__all__ = [
    "PROFILES",
    "Profile",
    "Protected",
    "Refusals",
    "SeveralError",
    "Wish",
    "agent_variables",
    "check_image",
    "find_profile",
    "protect",
]
