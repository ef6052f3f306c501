"""``fluent-launch``: change a generated configuration, then become the log router.

ECS generates the router's configuration and gives no way to set options on its inputs. This program is the router's
entry point: it reads that file, sets options in every section of a kind, writes the result elsewhere, and executes the
router on it. It needs the standard library only, and PyYAML if the configuration is YAML.

``arguments``     the command line, and the forgotten ``--``
``classic_edit``  the edit of a classic configuration
``yaml_edit``     the same for YAML
``paths``         which paths of a configuration change their meaning when it moves
``output``        where the result can be written
``command``       the program
"""

from outrider.launcher.command import main

__all__ = ["main"]
