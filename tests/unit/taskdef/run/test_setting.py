from outrider.taskdef.run.network import TaskNetwork
from outrider.taskdef.run.setting import Setting


def test_who_is_of_the_task() -> None:
    own = Setting(TaskNetwork("127.4.5.6", "127.4.5.6"))
    assert own.address == "127.4.5.6"
    assert [own.admits(peer) for peer in ("127.0.0.1", "10.0.0.1", "::1", "nobody")] == [True, False, False, False]
    shared = Setting(TaskNetwork("127.0.0.1", "172.17.0.2", "172.17.0.1", "holder"))
    assert shared.address == "172.17.0.1"
    peers = ("172.17.0.2", "172.17.0.1", "172.17.0.3", "127.0.0.1")
    assert [shared.admits(peer) for peer in peers] == [True, True, False, False]
