"""What the server's store takes and how fast it answers: ``python -m bench.store``.

Four agents send batches of 1,000 records over mutual TLS as fast as they are acknowledged, which is when a batch is on
disk; at the same time one reader searches and one opens the hosts page. Then searches over all that was stored. Clients
and server share the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import random
import secrets
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from outrider.protocols import uplink
from outrider.protocols.uplink import Row, encode_batch
from outrider.server import admin

ROWS = 1_000
AGENTS = 4
_BODIES = 100
_RARE = "qvortexbreaker"
_QUERIES = {
    "one rare word": {"q": _RARE},
    "rare word and a common one": {"q": f"{_RARE} checkout"},
    "a word in every 20th record": {"q": "timeout"},
    "two common words": {"q": "get checkout"},
    "a phrase": {"q": '"upstream timeout"'},
    "errors and worse, newest 100": {"severity": "error+"},
    "newest 100 of everything": {},
    "one container, newest 100": {"container": "web-3"},
    "a word that is nowhere": {"q": "zzzznotthere"},
}


@dataclass
class Times:
    """Seconds that requests took."""

    taken: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.taken.append(time.perf_counter() - begin)

    def show(self) -> str:
        """Median, 95th and 99th percentile and maximum in ms."""
        if len(self.taken) < 2:
            return "not measured"
        cuts = statistics.quantiles(self.taken, n=100)
        figures = (cuts[49], cuts[94], cuts[98], max(self.taken))
        return "p50 {:.0f}  p95 {:.0f}  p99 {:.0f}  max {:.0f} ms".format(*(1000 * figure for figure in figures))


class Server:
    """``outrider server run`` in a directory of its own."""

    def __init__(self, data: Path) -> None:
        command = [
            str(Path(sys.executable).with_name("outrider")),
            "server",
            "run",
            "--data",
            str(data),
            "--ready-json",
        ]
        command += ["--listen", "127.0.0.1:0", "--ingest", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout
        self.ready: dict[str, str] = json.loads(self.process.stdout.readline())
        self.tls = ssl.create_default_context(cafile=self.ready["ca"])
        self.pids = [self.process.pid, *self._children()]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def peak_mib(self) -> list[float]:
        """Of the server and of its store process."""
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in self.pids]
        return [int(status.split("VmHWM:")[1].split()[0]) / 1024 for status in statuses]

    def _children(self) -> list[int]:
        pid = self.process.pid
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Reader:
    """A program that asks the API over one connection."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPSConnection(urlsplit(server.ready["page"]).netloc, context=server.tls)
        self._headers = {"Authorization": f"Bearer {server.ready['api_token']}"}

    def get(self, path: str, **parameters: str) -> dict[str, object]:
        self._connection.request("GET", f"{path}?{urlencode(parameters)}", headers=self._headers)
        answer = self._connection.getresponse()
        body: dict[str, object] = json.loads(answer.read())
        if answer.status != 200:
            raise SystemExit(f"bench: {path} answered {answer.status}: {body}")
        return body


def enrolled(server: Server, name: str, folder: Path) -> ssl.SSLContext:
    """A client's TLS with its own certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    token = admin.create_token(Path(server.ready["data"]))
    request = uplink.EnrolRequest(token, csr.public_bytes(serialization.Encoding.PEM).decode(), name, "host")
    connection = http.client.HTTPSConnection(urlsplit(server.ready["ingest"]).netloc, context=server.tls)
    connection.request("POST", uplink.ENROL_PATH, uplink.encode_message(request))
    answer = uplink.decode_message(uplink.EnrolAnswer, connection.getresponse().read())
    pem = folder / f"{name}.pem"
    plain = serialization.NoEncryption()
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    with pem.open("a") as file:
        file.write(answer.certificate_pem)
    tls = ssl.create_default_context(cadata=answer.ca_pem)
    tls.load_cert_chain(pem)
    return tls


def bodies(now_ns: int) -> list[bytes]:
    """Batches with texts of high entropy, about 200 bytes a record, over the last hour."""
    chance = random.Random(1)
    return [encode_batch([_row(chance, now_ns, n == 0 and body < 3) for n in range(ROWS)]) for body in range(_BODIES)]


def _row(chance: random.Random, now_ns: int, rare: bool) -> Row:
    ts = now_ns - chance.randrange(3600 * 10**9)
    trace = f"{chance.getrandbits(128):032x}"
    if chance.random() < 0.05:
        text = f"upstream timeout after {chance.randrange(9999)} ms while reading /checkout trace={trace}"
        severity = "error"
    else:
        address = f"10.{chance.randrange(255)}.{chance.randrange(255)}.7"
        agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"
        path = f"/shop/checkout/{chance.randrange(10**6)}"
        numbers = f"200 {chance.randrange(99999)}"
        text = f'{address} "GET {path} HTTP/1.1" {numbers} "{agent}" user={chance.randrange(10**6)} trace={trace}'
        severity = "info"
    container = f"web-{chance.randrange(12)}"
    attrs = {"cluster": "prod", "revision": "7", "src_ip": f"10.0.{chance.randrange(255)}.{chance.randrange(255)}"}
    task = f"task/{chance.randrange(100)}"
    return Row(
        ts, f"{container}-firelens", container, trace[:12], task, "stdout", severity, text + rare * f" {_RARE}", attrs
    )


def send(address: str, tls: ssl.SSLContext, take: Callable[[], bytes | None], times: Times) -> None:
    """Batches one after the other until there are no more."""
    connection = http.client.HTTPSConnection(address, context=tls)
    while (body := take()) is not None:
        headers = {uplink.BATCH_HEADER: secrets.token_hex(16), uplink.RECORDS_HEADER: str(ROWS)}
        with times.one():
            connection.request("POST", uplink.BATCHES_PATH, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"bench: a batch was answered {answer.status}: {text!r}")


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.store", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="records to store (default: %(default)s)")
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        folder = Path(name)
        server = Server(folder / "data")
        try:
            _measure(server, folder, records)
        finally:
            server.stop()
    return 0


def _measure(server: Server, folder: Path, records: int) -> None:
    ready = bodies(time.time_ns())
    clients = [enrolled(server, f"host-{n}", folder) for n in range(AGENTS)]
    left = iter([ready[n % _BODIES] for n in range(records // ROWS)])
    lock = threading.Lock()

    def take() -> bytes | None:
        with lock:
            return next(left, None)

    acknowledged, searches, pages = Times(), Times(), Times()
    done = threading.Event()
    address = urlsplit(server.ready["ingest"]).netloc
    senders = [threading.Thread(target=send, args=(address, tls, take, acknowledged)) for tls in clients]
    readers = [
        threading.Thread(target=_keep_asking, args=(server, "/api/v1/logs", {"q": "timeout checkout"}, searches, done)),
        threading.Thread(target=_keep_asking, args=(server, "/api/v1/hosts", {}, pages, done)),
    ]
    begin = time.monotonic()
    for thread in (*senders, *readers):
        thread.start()
    for thread in senders:
        thread.join()
    durable = time.monotonic() - begin
    reader = Reader(server)
    while (ledger := reader.get("/api/v1/ledger"))["in_store"] != records:
        time.sleep(0.1)
    stored = time.monotonic() - begin
    done.set()
    for thread in readers:
        thread.join()
    size = sum(path.stat().st_size for path in (folder / "data" / "store").rglob("*") if path.is_file())
    _line("records", f"{records:,} in batches of {ROWS:,} from {AGENTS} agents; lost {ledger['lost']}")
    _line("acknowledged (on disk)", f"{records / durable:,.0f} records/s")
    _line("stored and searchable", f"{records / stored:,.0f} records/s")
    _line("  an acknowledgement", acknowledged.show())
    _line("  a search meanwhile", searches.show())
    _line("  the hosts meanwhile", pages.show())
    main_peak, store_peak = server.peak_mib()
    _line("peak memory", f"server {main_peak:.0f} MiB, store process {store_peak:.0f} MiB")
    _line("store on disk", f"{size / records:.0f} bytes a record (parts merged away included)")
    print(f"\nsearches over {records:,} records, answer through the API included:")
    for name, parameters in _QUERIES.items():
        times = Times()
        for _ in range(20):
            with times.one():
                found = reader.get("/api/v1/logs", **{"from": "2h"}, **parameters)
        _line(name, f"{times.show()}  ({len(found['records'])} shown)")  # type: ignore[arg-type]


def _keep_asking(server: Server, path: str, parameters: dict[str, str], times: Times, done: threading.Event) -> None:
    reader = Reader(server)
    while not done.wait(0.05):
        with times.one():
            reader.get(path, **parameters)


def _line(name: str, value: str) -> None:
    print(f"{name:30} {value}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
