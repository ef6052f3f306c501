"""What the process is set to before a pipeline runs."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc
gc.disable()
from outrider.pipeline.operate.run import tune_process
tune_process()
print(gc.isenabled(), gc.get_freeze_count() > 1000, gc.get_threshold()[0])
"""


def test_the_collector_is_on_when_the_pipeline_runs_and_passes_over_what_the_start_made() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "50000"]


LIMITS = """
import resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
wanted = min(128, hard) if hard != resource.RLIM_INFINITY else 128
resource.setrlimit(resource.RLIMIT_NOFILE, (64, wanted))
from outrider.pipeline.operate.run import allow_descriptors
allow_descriptors()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, wanted))
"""


def test_as_many_descriptors_as_the_process_may_have() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]


FULL = """
import os, resource, sys
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.operate.run import warn_of_descriptors
log = Log(Sink(stream=sys.stdout), "router")
warn_of_descriptors(log)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (32, hard))
try:
    while True:
        os.dup(2)
except OSError:
    warn_of_descriptors(log)
"""


def test_a_lack_of_descriptors_is_said() -> None:
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, check=True)
    assert done.stdout.count("too many open files: all 32 descriptors are in use") == 1
