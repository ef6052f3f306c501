"""The main job on one machine: a server, an example task protected and run, traffic, and a balance sheet.

``sheet`` is the balance sheet (pure), ``server`` starts a server and asks it, ``traffic`` calls the web container,
``example`` finds and protects the task, ``demo`` puts it together. What it says goes to the caller, who prints it.
"""

from outrider.taskdef.demo.demo import Demo, DemoWishes, run
from outrider.taskdef.demo.sheet import Row, Sheet

__all__ = ["Demo", "DemoWishes", "Row", "Sheet", "run"]
