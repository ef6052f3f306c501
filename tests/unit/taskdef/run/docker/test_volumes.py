from typing import Any

from outrider.taskdef.run.docker.volumes import Volume, volumes_of
from outrider.taskdef.run.identity import Identity

IDENTITY = Identity("0" * 32)
OWN = f"outrider-{'0' * 32}-"


def volumes(*found: dict[str, Any]) -> dict[str, Volume]:
    return volumes_of({"containerDefinitions": [], "volumes": list(found)}, IDENTITY)


def test_a_folder_of_the_host_is_that_folder() -> None:
    assert volumes({"name": "a", "host": {"sourcePath": "/srv"}}) == {"a": Volume("/srv")}


def test_what_is_empty_or_elsewhere_is_a_volume_of_the_tasks_own() -> None:
    found = volumes(
        {"name": "a"}, {"name": "b", "host": {}}, {"name": "c", "efsVolumeConfiguration": {"fileSystemId": "f"}}
    )
    assert {name: (volume.source, volume.stays) for name, volume in found.items()} == {
        name: (OWN + name, False) for name in "abc"
    }
    assert found["a"].create == {
        "Name": OWN + "a",
        "Driver": "local",
        "DriverOpts": {},
        "Labels": {"outrider.task": "local"},
    }


def test_volumes_of_docker() -> None:
    options = {"driver": "local", "driverOpts": {"type": "tmpfs"}, "labels": {"a": "b"}}
    own = volumes({"name": "v", "dockerVolumeConfiguration": {"scope": "task", **options}})["v"]
    assert own.source == OWN + "v"
    assert own.create is not None
    assert (own.create["DriverOpts"], own.create["Labels"]["a"]) == ({"type": "tmpfs"}, "b")
    shared = {"scope": "shared", "autoprovision": True}
    assert volumes({"name": "v", "dockerVolumeConfiguration": {"scope": "shared"}})["v"] == Volume("v", stays=True)
    made = volumes({"name": "v", "dockerVolumeConfiguration": shared})["v"]
    assert (made.source, made.stays, made.create is not None) == ("v", True, True)
