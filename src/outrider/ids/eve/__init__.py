"""Events as Suricata's EVE has them.

``common``  what all events share
``events``  alert, flow and stats
"""
