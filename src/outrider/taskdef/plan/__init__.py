"""What ECS would do with a task definition's containers for FireLens, as one document.

``known``      a task definition without open values
``plan``       log drivers, environment, mounts, order and configuration, with ECS's errors
``order``      which containers may start together
``surprises``  where the ECS agent does what one would not expect
``text``       the plan for people
``document``   the plan for programs
"""

from outrider.taskdef.plan.plan import Plan, plan

__all__ = ["Plan", "plan"]
