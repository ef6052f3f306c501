"""Run a task definition on this machine, playing the part of the ECS agent.

``plan``, ``local``, ``identity``, ``given``, ``imitation`` decide (pure): roles and start order, what a container's
paths and addresses are here, values from the user, what is not imitated. ``task`` prepares a run, ``setting`` chooses
where it runs, ``network`` is what its containers share, ``workspace`` are its folders. ``runner`` is its life,
``cell`` one container of it, ``ending`` its end; ``build`` makes the containers, ``sidecar`` the words of router and
agent. ``container`` is what the runner needs of a container, ``health`` its checks, ``ready`` waits until a sidecar
takes connections, ``voice`` is what a container prints. ``process`` and ``docker`` are the two kinds of container,
``driver`` is Docker's ``fluentd`` log driver for the former. ``known`` sees that nothing is open that a run needs,
``metadata`` is ECS's metadata endpoint, ``local_aws`` a stand-in for AWS, ``watch`` what there is to see meanwhile.

An application waits for sidecars to be ready: ``plan`` says for which (``_with_sidecars``), ``sidecar`` knows their
doors, ``build`` asks until they are open (``ready`` here, ``docker.listening`` in Docker's network), ``runner`` notes
that in the sidecar's ``cell`` and lets the application start (``_settled``).
"""

from outrider.taskdef.run.task import Reports, TaskRun, Wishes, prepare

__all__ = ["Reports", "TaskRun", "Wishes", "prepare"]
