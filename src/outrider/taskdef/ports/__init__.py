"""Ports of a protected task that nobody may reach from outside, and security groups that let somebody. Pure.

``rule``            what a rule of a security group opens, and what is left of it without those ports
``groups``          the rules in what ``aws ec2 describe-security-groups`` prints
``declared``        rules that a template declares, as far as it says what they open
``cloudformation``  those of CloudFormation's templates
``terraform``       those of Terraform's files and plans
``files``           all of them, by what stands in the file
``services``        the groups of a task definition's services in the same template
``close``           how a group is closed: rules to add, rules to take away
"""

from outrider.taskdef.ports.close import Closing, closing
from outrider.taskdef.ports.files import groups_in
from outrider.taskdef.ports.groups import Group, read_groups
from outrider.taskdef.ports.rule import GUARDED, Rule, Sender, rest

__all__ = ["GUARDED", "Closing", "Group", "Rule", "Sender", "closing", "groups_in", "read_groups", "rest"]
