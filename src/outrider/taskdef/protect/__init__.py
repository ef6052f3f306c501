"""Protect a task: the agent and the log router beside its applications, whose output goes to the router.

``profile``   the two container definitions, as Outrider and as Alert Logic ship them
``refuse``    why a task definition cannot be protected
``migrate``   an awslogs configuration in the words of the router
``apply``     the edit itself; running it twice changes nothing
"""

from outrider.taskdef.protect.apply import Protected, protect
from outrider.taskdef.protect.profile import PROFILES, Profile, Wish, agent_variables, find_profile

__all__ = ["PROFILES", "Profile", "Protected", "Wish", "agent_variables", "find_profile", "protect"]
