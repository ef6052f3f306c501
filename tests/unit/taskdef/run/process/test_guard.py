import asyncio
import os
import select
import signal
import subprocess
import sys

from outrider.taskdef.run.process import guard
from outrider.taskdef.run.process.child import Guard


def test_what_was_released_is_off_the_list() -> None:
    lines = ["+group 1\n", "+docker ecs-a\n", "+group 2\n", "-group 1\n"]
    assert guard.held(lines) == {"group": ["2"], "docker": ["ecs-a"], "volume": [], "folder": []}


async def test_a_process_on_the_list_does_not_outlive_the_guard() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    held_by = await Guard.start("/nonexistent")
    held_by.hold("group", str(process.pid))
    await held_by.close()
    assert await process.wait() == -signal.SIGKILL


RUNNER = """
import asyncio, os
from outrider.taskdef.run.process.child import Child, Guard

class Words(asyncio.Protocol):
    def __init__(self):
        self.came = asyncio.get_running_loop().create_future()

    def data_received(self, data):
        self.came.set_result(data.decode())

async def main():
    held_by = await Guard.start("/nonexistent")
    words = Words()
    script = "sleep 600 & echo $$ $!; wait"
    child = await Child.start(["sh", "-c", script], os.environ, [words, asyncio.Protocol()], held_by, print)
    print(await words.came, end="", flush=True)
    await child.wait()

asyncio.run(main())
"""


def test_nothing_outlives_a_runner_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", RUNNER], stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        ends = [os.pidfd_open(int(pid)) for pid in runner.stdout.readline().split()]
        assert len(ends) == 2
        runner.kill()
    for end in ends:
        assert select.select([end], [], [], 30)[0], "a process is still there"
        os.close(end)
