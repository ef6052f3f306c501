"""Run a task definition on this machine, playing the part of the ECS agent.

``plan``, ``local``, ``identity`` decide (pure): roles and start order, what a container's paths and addresses are here.
``task`` prepares a run, ``runner`` is its life, ``build`` makes the containers, ``workspace`` the folders.
``container`` is what the runner needs of a container, ``health`` its checks, ``ready`` waits until a sidecar takes
connections, ``voice`` is what a container prints. ``process`` and ``docker`` are the two kinds of container, ``driver``
is Docker's ``fluentd`` log driver for the former.
"""

from outrider.taskdef.run.task import Reports, TaskRun, Wishes, prepare

__all__ = ["Reports", "TaskRun", "Wishes", "prepare"]
