"""The agent: a preset of the pipeline (syslog on loopback, spool on disk, uplink), an identity, and a heartbeat.

``settings``  environment and arguments
``enrol``     a join token becomes a certificate
``preset``    the pipeline that an agent is
``source``    the preset, and around it the configuration file that an agent may have, read again at a reload
``health``    what the heartbeat and the status file say
``program``   run until stopped
"""
