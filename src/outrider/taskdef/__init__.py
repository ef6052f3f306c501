"""Task definitions: what ECS makes of them, and how to protect them.

``source``    a JSON file that can be edited and keeps every other byte; finds the line and column of a value
``yamlsource`` the same of a YAML file; ``yamledit`` what is written where
``templates`` files that hold task definitions: JSON, YAML, CloudFormation, and what ``sources`` reads
``sources``   task definitions of other tools: Terraform, Compose, Copilot (pure)
``jsontree``  JSON read strictly, with the position of every value
``yamltree``  YAML read strictly, with the position of every value; ``yamlparts`` as it is written, with quotes
``layout``    how a value is written that is put into somebody's file; ``yamllayout`` in YAML
``trees``     edits of values, with which those of files are compared
``write``     a file that readers see old or new, whole
``shape``     the part of a task definition's shape that the rest relies on, checked once
``members``   the names that ECS knows
``membertypes`` the types that it wants; ``conversions`` what CloudFormation makes of other ones
``view``      typed answers about a task definition, for who only looks at it
``lint``      what is wrong with it: rules, findings, reports (pure)
``firelens``  what ECS generates around FireLens: configuration, driver options, environment, mounts, order (pure)
``plan``      what ECS would do with its containers for FireLens, as one document (pure)
``protect``   adds the agent and the log router to a task definition (pure)
``compare``   how two task definitions differ, as ECS takes them (pure)
``deploy``    brings a task definition to a service, and takes it back if that does not settle
``rights``    the rights that its roles need in AWS, and policies compared with them (pure)
``ports``     security groups that let others reach the log ports, and what closes them (pure)
``run``       plays the part of the ECS agent on this machine
``demo``      all of it with an example, a server and visitors, and a balance sheet
"""
