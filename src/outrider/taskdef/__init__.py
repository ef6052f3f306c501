"""Task definitions: what ECS makes of them, and how to protect them.

``source``    a JSON file that can be edited and keeps every other byte; finds the line and column of a value
``shape``     the part of a task definition's shape that the rest relies on, checked once
``firelens``  what ECS generates around FireLens: configuration, driver options, environment, mounts, order (pure)
``protect``   adds the agent and the log router to a task definition (pure)
``run``       plays the part of the ECS agent on this machine
"""
