"""``kubernetes``: a pod on each node, in one manifest."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from textwrap import indent

from outrider.export.description import Description
from outrider.export.kind import Files, Kind
from outrider.export.kubernetes import choices, texts
from outrider.export.kubernetes.slots import fill

_HEAD = """\
# Outrider on Kubernetes: the logs of all containers, from each node to {server}.
#
# The join token stands in no file; make its Secret before you apply this one. Each node uses the token once.
#   outrider server token create --ttl 30d --uses NODES
#   kubectl create namespace {namespace}
#   kubectl --namespace {namespace} create secret generic {secret} --from-literal={key}=TOKEN

"""


def make(description: Description) -> Files:
    """One manifest."""
    d = description
    head = _HEAD.format(
        server=choices.server(d).url, namespace=d.namespace, secret=choices.secret(d), key=choices.TOKEN_KEY
    )
    slots = _slots(d)
    documents = [fill(texts.object_text(name), slots) for name in ("namespace", *texts.OBJECTS)]
    return {"outrider.yaml": head + "---\n".join(documents)}


def _slots(d: Description) -> dict[str, str]:
    server, selector = choices.server(d), _selector(d)
    router, parsers = fill(texts.router(), {"namespace": d.namespace}), texts.parsers()
    return {
        "name": d.name,
        "namespace": d.namespace,
        "labels": selector,
        "selector": selector,
        "service_account": d.name,
        "service_account_annotations": "",
        "router": router,
        "parsers": parsers,
        "checksum": sha256(f"{router.strip()}{parsers.strip()}".encode()).hexdigest(),
        "pod_annotations": "",
        "update_strategy": "type: RollingUpdate\nrollingUpdate:\n  maxUnavailable: 1",
        "scheduling": "\n".join(_scheduling(d)),
        "selinux": "# Where SELinux keeps containers from the node's logs (OpenShift): seLinuxOptions: {type: spc_t}",
        "image": d.image,
        "pull_policy": "IfNotPresent",
        "resources": choices.resources(d),
        "server": server.url,
        "secret": choices.secret(d),
        "secret_key": choices.TOKEN_KEY,
        "extra_env": "",
        "state": f"/var/lib/{d.name}",
        "docker_folder": choices.DOCKER_FOLDER,
        "server_port": str(server.port),
        "server_peer": f'to:\n  - ipBlock:\n      cidr: "{server.block}"' if server.block else "",
        "extra_egress": "",
    }


def _selector(d: Description) -> str:
    return f'app.kubernetes.io/name: outrider\napp.kubernetes.io/instance: "{d.name}"'


def _scheduling(d: Description) -> Iterator[str]:
    if d.priority_class:
        yield f'priorityClassName: "{d.priority_class}"'
    yield "# The control plane, and the pools that clouds have for the system, have logs too."
    yield "tolerations:"
    yield indent(choices.tolerations(), "  ")


KIND = Kind(
    "kubernetes",
    "A manifest for Kubernetes: a DaemonSet that collects the logs of all containers of each node, the same for "
    "docker, containerd and CRI-O, with its configuration, service account and network policy.",
    "Make the Secret with the join token, as the head of outrider.yaml says, then: kubectl apply -f outrider.yaml",
    frozenset(
        {"name", "image", "server", "token_secret", "memory", "memory_reservation", "namespace", "priority_class"}
    ),
    make,
)
