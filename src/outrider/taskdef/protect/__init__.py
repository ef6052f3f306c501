"""Protect a task: the agent and the log router beside its applications, whose output goes to the router.

``profile``     the two container definitions, as Outrider and as Alert Logic ship them
``values``      what the command's options may say
``refusals``    all reasons against it, said together
``single``      one container that is agent and router
``refuse``      why a task definition cannot be protected
``opened``      where a template leaves values open
``edited``      a task definition that is being edited, and what to tell of it
``apply``       protecting; running it twice changes nothing
``waits``       who waits for the router
``debug``       the sidecars as the documents advise for tests
``unprotect``   protecting taken back
``awslogs``     an awslogs configuration in the words of the router
``beginnings``  where a message of several lines begins, in the words of the router
``joining``     the configuration that joins such messages
``migration``   what a migration is asked for, and why it cannot be
``migrate``     from awslogs to awsfirelens
"""

from outrider.taskdef.protect.apply import protect
from outrider.taskdef.protect.awslogs import C_PLUGIN, GO_PLUGIN
from outrider.taskdef.protect.debug import Debugging
from outrider.taskdef.protect.edited import Edited
from outrider.taskdef.protect.migrate import Migrated, migrate
from outrider.taskdef.protect.migration import Migration
from outrider.taskdef.protect.opened import opened, substituted
from outrider.taskdef.protect.profile import PROFILES, Profile, Wish, agent_variables, find_profile
from outrider.taskdef.protect.refusals import Refusals
from outrider.taskdef.protect.unprotect import unprotect
from outrider.taskdef.protect.values import check_file_name, check_image

__all__ = [
    "C_PLUGIN",
    "GO_PLUGIN",
    "PROFILES",
    "Debugging",
    "Edited",
    "Migrated",
    "Migration",
    "Profile",
    "Refusals",
    "Wish",
    "agent_variables",
    "check_file_name",
    "check_image",
    "find_profile",
    "migrate",
    "opened",
    "protect",
    "substituted",
    "unprotect",
]
