"""``fluent-launch``: change a generated configuration, then become the log router.

ECS generates the router's configuration and gives no way to set options on its inputs. This program is the router's
entry point: it reads that file and what it includes, sets options in every section of a kind, writes the result
elsewhere, and executes the router on it. It needs the standard library only, and PyYAML if the configuration is YAML;
``tools/launcher`` makes one file of it that needs nothing at all.

``arguments``     the command line, and the forgotten ``--``
``tree``          a configuration as the files that it is made of, and which of them are written changed
``classic_edit``  one classic file and its changes
``yaml_edit``     one YAML file and its changes
``yaml_text``     a YAML text as parts that know where they stand
``output``        where the result can be written
``show``          what is said of a result that is not written
``command``       the program
"""

from outrider.launcher.command import main

__all__ = ["main"]
