"""What a task that runs here is doing: ``picture`` is what there is to see at a moment (pure), ``look`` looks."""

from outrider.taskdef.run.watch.look import watch
from outrider.taskdef.run.watch.picture import ContainerRow, OutputRow, Picture, Station

__all__ = ["ContainerRow", "OutputRow", "Picture", "Station", "watch"]
