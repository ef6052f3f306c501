"""Run a task definition on this machine, playing the part of the ECS agent.

``driver`` is Docker's ``fluentd`` log driver for plain processes.
"""
