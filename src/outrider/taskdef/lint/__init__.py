"""What is wrong with a task definition, before it is deployed.

``finding``  what a rule has found, with its place and its remedy
``rule``     the contract of a rule
``rules``    one rule a file
``sensitive``  what looks like a secret
``routing``  what rules about the log router share: image, command line, outputs
``placeholder``  what is filled in before ECS gets it
``quote``    lines of a file as findings may show them
``check``    all rules on one task definition, and the repair of what can be repaired
``reports``  findings as text, JSON, SARIF, JUnit and annotations of GitHub
"""

from outrider.taskdef.lint.check import check, mend
from outrider.taskdef.lint.finding import Finding, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules import RULES

__all__ = ["RULES", "Finding", "Level", "Rule", "check", "mend"]
