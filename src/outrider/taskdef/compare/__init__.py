"""The difference of two task definitions, as ECS takes them and not as they are written. Pure.

``form``         what a member stands for: defaults, lists without order, sizes, what ECS adds by itself
``differences``  both walked together, one finding for each value that differs
``mask``         values that are nobody's business
"""

from outrider.taskdef.compare.differences import Difference, differences

__all__ = ["Difference", "differences"]
