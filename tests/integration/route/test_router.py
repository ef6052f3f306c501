"""The router as a process: signals, sudden death, full disks, and other programs at both ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import msgpack
import pytest
from fluent import sender
from tests.integration.route.conftest import until

from outrider.protocols.uplink import JoinToken

OUTRIDER = str(Path(sys.executable).parent / "outrider")
SERVICE = "[SERVICE]\n  Flush 0.1\n  Grace 5\n"


def tcp_input(port: int, extra: str = "") -> str:
    return f"[INPUT]\n  Name tcp\n  Listen 127.0.0.1\n  Port {port}\n  Tag app\n{extra}"


def forward_input(port: int, extra: str = "") -> str:
    return f"[INPUT]\n  Name forward\n  Listen 127.0.0.1\n  Port {port}\n{extra}"


def file_output(path: Path, extra: str = "") -> str:
    return f"[OUTPUT]\n  Name file\n  Match *\n  Path {path.parent}\n  File {path.name}\n  Format plain\n{extra}"


def send_lines(port: int, records: list[Any]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall("".join(json.dumps(record) + "\n" for record in records).encode())
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(10)
        assert sock.recv(10) == b""


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["n"] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_delivers_what_is_left(router: Any, port: Any, tmp_path: Path, number: int) -> None:
    out, listen = tmp_path / "out", port()
    running = router("[SERVICE]\n  Flush 3600\n" + tcp_input(listen) + file_output(out))
    send_lines(listen, [{"n": n} for n in range(1000)])
    assert running.end(number) == 0
    assert numbers(out) == list(range(1000))
    assert f"caught signal ({signal.Signals(number).name})" in running.text()


def test_grace_ends_a_stop_with_a_dead_peer(router: Any, port: Any) -> None:
    listen = port()
    output = f"[OUTPUT]\n  Name forward\n  Match *\n  Host 127.0.0.1\n  Port {port()}\n  Retry_Limit False\n"
    running = router("[SERVICE]\n  Flush 0.1\n  Grace 1\n" + tcp_input(listen) + output)
    send_lines(listen, [{"n": 1}])
    running.wait_for("retry in")
    assert running.end() == 0
    assert "1 records were not delivered and are lost; fix: raise Grace, or set storage.path" in running.text()


def test_a_hangup_ends_nothing(router: Any, port: Any, tmp_path: Path) -> None:
    out, listen = tmp_path / "out", port()
    running = router(SERVICE + tcp_input(listen) + file_output(out))
    running.process.send_signal(signal.SIGHUP)
    running.wait_for("takes the place of the old one")
    send_lines(listen, [{"n": 1}])
    assert running.end() == 0
    assert numbers(out) == [1]


def is_blocked(pid: int) -> bool:
    """Whether SIGHUP, and nothing else, waits until the process is ready for it."""
    return "SigBlk:\t0000000000000001" in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize("program", ["route", "agent"])
def test_a_hangup_in_the_middle_of_the_start_ends_nothing(tmp_path: Path, port: Any, program: str) -> None:
    config = tmp_path / "r.conf"
    config.write_text("[SERVICE]\n  Flush 0.1\n[INPUT]\n  Name dummy\n[OUTPUT]\n  Name null\n  Match *\n")
    settings = {"SERVER": "https://127.0.0.1:1", "TOKEN": str(JoinToken("abcd", "s" * 22, "p" * 43))}
    settings |= {"STATE": str(tmp_path / "state"), "SYSLOG_PORT": str(port())}
    environment = os.environ | {f"OUTRIDER_{name}": value for name, value in settings.items()}
    for _ in range(3):
        command = [OUTRIDER, program, "-c", str(config)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as process:
            while not is_blocked(process.pid):  # for some hundredths of a second, which sleeping would miss
                assert process.poll() is None
            process.send_signal(signal.SIGHUP)
            assert process.stderr is not None
            for line in process.stderr:
                if b"takes the place of the old one" in line:
                    break
            process.terminate()
            assert process.wait(20) == 0


def test_a_reload_with_a_wrong_log_file_goes_on_logging(router: Any, port: Any, tmp_path: Path) -> None:
    listen, log = port(), tmp_path / "router.txt"
    text = SERVICE + tcp_input(listen) + file_output(tmp_path / "out")
    config = text.replace("[SERVICE]\n", f"[SERVICE]\n  Log_File {log}\n", 1)
    running = router(config, listening=0)
    until(lambda: log.exists() and "listening on" in log.read_text())
    (tmp_path / "router0.conf").write_text(config.replace(str(log), str(tmp_path / "nowhere" / "x.log")))
    running.process.send_signal(signal.SIGHUP)
    until(lambda: "the old configuration goes on" in log.read_text())
    assert running.end() == 0
    assert "caught signal (SIGTERM)" in log.read_text()


def test_a_reader_that_reads_nothing_does_not_hold_up_the_end(wait: Any, tmp_path: Path) -> None:
    command = [OUTRIDER, "route", "-i", "dummy", "-p", "rate=100", "-p", "copies=1000", "-o", "stdout", "-f", "0.1"]
    config = tmp_path / "service.conf"
    config.write_text("[SERVICE]\n  Grace 1\n")
    with subprocess.Popen([*command, "-c", str(config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        pipe = process.stdout.fileno()
        size = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
        waiting = bytearray(4)
        wait(lambda: fcntl.ioctl(pipe, termios.FIONREAD, waiting) or int.from_bytes(waiting, sys.byteorder) >= size)
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()
        assert process.stderr is not None
        assert b"records were not delivered and are lost" in process.stderr.read()


def test_a_second_signal_ends_at_once(router: Any, port: Any) -> None:
    listen = port()
    output = f"[OUTPUT]\n  Name forward\n  Match *\n  Host 127.0.0.1\n  Port {port()}\n  Retry_Limit False\n"
    running = router("[SERVICE]\n  Flush 0.1\n  Grace 3600\n" + tcp_input(listen) + output)
    send_lines(listen, [{"n": 1}])
    running.wait_for("retry in")
    running.process.send_signal(signal.SIGTERM)
    running.wait_for("stopping")
    assert running.end() == 1
    assert "stopped at once" in running.text()


def test_what_was_acknowledged_survives_sudden_death(router: Any, port: Any, tmp_path: Path) -> None:
    out, listen = tmp_path / "out", port()
    spool = f"  storage.path {tmp_path}/spool\n"
    source = forward_input(listen, "  storage.type filesystem\n  Mem_Buf_Limit 100K\n")
    dead = f"[OUTPUT]\n  Name forward\n  Match *\n  Host 127.0.0.1\n  Port {port()}\n  Retry_Limit False\n"
    acknowledged: list[int] = []
    for turn in range(4):
        running = router(SERVICE + spool + source + dead)
        with socket.create_connection(("127.0.0.1", listen)) as sock:
            sock.settimeout(10)
            for n in range(turn * 200, turn * 200 + 200):
                entries = [[n, {"n": n, "pad": "x" * 300}]]
                sock.sendall(msgpack.packb([f"tag{n % 3}", entries, {"chunk": str(n)}]))
                assert msgpack.unpackb(sock.recv(100)) == {"ack": str(n)}
                acknowledged.append(n)
        running.end(signal.SIGKILL)
    last = router(SERVICE + spool + source + file_output(out))
    assert last.end() == 0
    assert sorted(numbers(out)) == acknowledged
    assert not list((tmp_path / "spool").rglob("*.chunk"))


def test_a_stop_leaves_in_the_spool_what_was_not_delivered(router: Any, port: Any, tmp_path: Path) -> None:
    out, listen = tmp_path / "out", port()
    service = f"[SERVICE]\n  Flush 0.1\n  Grace 0\n  storage.path {tmp_path}/spool\n"
    source = tcp_input(listen, "  storage.type filesystem\n")
    dead = f"[OUTPUT]\n  Name forward\n  Match *\n  Host 127.0.0.1\n  Port {port()}\n"
    running = router(service + source + dead)
    send_lines(listen, [{"n": n} for n in range(100)])
    assert running.end() == 0
    assert "100 records stay in the spool for the next start" in running.text()
    again = router(service.replace("Grace 0", "Grace 5") + source + file_output(out))
    assert again.end() == 0
    assert sorted(numbers(out)) == list(range(100))


@pytest.mark.root
def test_a_full_disk_under_the_spool(router: Any, port: Any, tmp_path: Path) -> None:
    spool, out, listen = tmp_path / "small", tmp_path / "out", port()
    spool.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(spool)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a small tmpfs: {mounted.stderr.decode().strip()}")
    try:
        service = f"[SERVICE]\n  Flush 3600\n  Grace 5\n  storage.path {spool}\n"
        running = router(service + tcp_input(listen, "  storage.type filesystem\n") + file_output(out))
        for start in range(0, 1000, 100):
            send_lines(listen, [{"n": n, "pad": "x" * 1000} for n in range(start, start + 100)])
        assert "No space left on device; records are kept in memory only; fix: free disk space" in running.text()
        assert running.end() == 0
        assert sorted(numbers(out)) == list(range(1000))
    finally:
        subprocess.run(["umount", str(spool)], check=True)


def test_back_pressure_loses_nothing_and_hangs_up_on_nobody(router: Any, port: Any, tmp_path: Path) -> None:
    """The peer takes nothing at first: the sender must wait, and then everything arrives."""
    listen, total = port(), 40_000
    with socket.create_server(("127.0.0.1", 0)) as sink:
        output = (
            f"[OUTPUT]\n  Name syslog\n  Match *\n  Mode tcp\n  Host 127.0.0.1\n  Port {sink.getsockname()[1]}\n"
            "  Syslog_Message_Key log\n"
        )
        running = router(SERVICE + forward_input(listen, "  Mem_Buf_Limit 1M\n") + output)
        with socket.create_connection(("127.0.0.1", listen)) as sock:
            frames = [msgpack.packb(["app", 1, {"log": f"{n} " + "x" * 500}]) for n in range(total)]
            sock.settimeout(0.5)
            sent, data = 0, b"".join(frames)
            try:
                while sent < len(data):
                    sent += sock.send(data[sent : sent + 1_000_000])
            except TimeoutError:
                pass
            assert sent < len(data), "the router took everything although nobody reads"
            running.wait_for("paused (mem buf overlimit)")
            peer, _ = sink.accept()
            sock.settimeout(30)
            received = bytearray()
            peer.setblocking(False)
            sock.setblocking(False)
            deadline = time.monotonic() + 60
            while received.count(b"\n") < total and time.monotonic() < deadline:
                if sent < len(data):
                    with contextlib.suppress(BlockingIOError):
                        sent += sock.send(data[sent : sent + 1_000_000])
                try:
                    received += peer.recv(1 << 20)
                except BlockingIOError:
                    time.sleep(0.002)
            peer.close()
        assert [int(line.split(b"\xef\xbb\xbf")[1].split()[0]) for line in received.splitlines()] == list(range(total))
        status = Path(f"/proc/{running.process.pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0])
        assert peak < 128 * 1024, "KiB resident at most"


# -- other programs


def test_the_client_library_over_a_unix_socket(router: Any, short: Path, tmp_path: Path, lines_of: Any) -> None:
    out, path = tmp_path / "out", short / "fluent.sock"
    router(SERVICE + f"[INPUT]\n  Name forward\n  unix_path {path}\n" + file_output(out))
    logger = sender.FluentSender("app", host=f"unix://{path}", nanosecond_precision=True)
    for n in range(50):
        assert logger.emit("web", {"n": n, "text": "größe"})
    logger.close()
    assert [json.loads(line) for line in lines_of(out, 50)] == [{"n": n, "text": "größe"} for n in range(50)]


def test_router_to_router_with_a_shared_key_and_tls(
    router: Any, port: Any, tmp_path: Path, certificate: Any, lines_of: Any
) -> None:
    out, listen, between = tmp_path / "out", port(), port()
    crt, key = certificate("good")
    tls = f"  tls on\n  tls.crt_file {crt}\n  tls.key_file {key}\n"
    router(SERVICE + forward_input(between, f"  Shared_Key secret\n  Self_Hostname second\n{tls}") + file_output(out))
    output = (
        f"[OUTPUT]\n  Name forward\n  Match *\n  Host 127.0.0.1\n  Port {between}\n  Shared_Key secret\n"
        f"  Self_Hostname first\n  Require_ack_response on\n  Compress gzip\n"
        f"  tls on\n  tls.ca_file {crt}\n  tls.vhost localhost\n  Workers 2\n"
    )
    first = router(SERVICE + tcp_input(listen) + output)
    for n in range(10):
        send_lines(listen, [{"n": n}])
        lines_of(out, n + 1)
    assert first.end() == 0
    assert numbers(out) == list(range(10))
    assert "secret" not in first.text()


def syslog_output(port: int, extra: str) -> str:
    return (
        f"[OUTPUT]\n  Name syslog\n  Match *\n  Host localhost\n  Port {port}\n  Syslog_Message_Key log\n"
        f"  Syslog_Hostname_Key container_id\n  Syslog_Appname_Key container_name\n  Syslog_Procid_Key pid\n{extra}"
    )


@pytest.mark.parametrize("form", ["rfc3164", "rfc5424"])
def test_syslog_to_rsyslogd(router: Any, port: Any, rsyslogd: Any, lines_of: Any, form: str) -> None:
    listen, syslog = port(), port()
    found = rsyslogd(f'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="{syslog}")')
    running = router(
        SERVICE
        + tcp_input(listen)
        + syslog_output(syslog, f"  Mode tcp\n  Syslog_Format {form}\n  Syslog_Maxsize 700000\n  Retry_Limit False\n")
    )
    long = "long " + "y" * 500
    send_lines(
        listen,
        [
            {"log": text, "container_id": "c0ffee", "container_name": "web", "pid": "7"}
            for text in ("hello", "größe", long)
        ],
    )
    got = [line.split("|") for line in lines_of(found, 3)]
    assert [line[0] for line in got] == ["14"] * 3
    assert [line[2:5] for line in got] == [["c0ffee", "web", "7"]] * 3
    assert [line[5].lstrip(" \ufeff").removeprefix("BOM") for line in got] == ["hello", "größe", long]
    assert running.end() == 0


def test_rsyslogd_to_the_syslog_input(router: Any, port: Any, rsyslogd: Any, tmp_path: Path, lines_of: Any) -> None:
    listen, relay, out = port(), port(), tmp_path / "out"
    router(
        SERVICE
        + f"[INPUT]\n  Name syslog\n  Mode tcp\n  Listen 127.0.0.1\n  Port {listen}\n  Format octet_counting\n"
        + file_output(out)
    )
    rsyslogd(
        f'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="{relay}")\n'
        f'action(type="omfwd" target="127.0.0.1" port="{listen}" protocol="tcp" TCP_Framing="octet-counted"'
        ' template="RSYSLOG_SyslogProtocol23Format")'
    )
    message = b"<13>Nov 14 22:13:20 host app[7]: two\tparts"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:

        def relayed() -> bool:
            sock.sendto(message, ("127.0.0.1", relay))
            return out.exists() and bool(out.read_bytes())

        deadline = time.monotonic() + 20
        while not relayed() and time.monotonic() < deadline:
            time.sleep(0.1)
    record = json.loads(lines_of(out, 1)[0])
    assert (record["pri"], record["ident"], record["pid"]) == ("13", "app", "7")
    assert "two" in record["message"]


def test_syslog_over_tls_is_verified(router: Any, port: Any, tmp_path: Path, certificate: Any, lines_of: Any) -> None:
    out, listen, syslog = tmp_path / "out", port(), port()
    (crt, key), (other, _) = certificate("good"), certificate("other")
    router(
        SERVICE
        + f"[INPUT]\n  Name syslog\n  Mode tcp\n  Listen 127.0.0.1\n  Port {syslog}\n"
        + f"  tls on\n  tls.crt_file {crt}\n  tls.key_file {key}\n"
        + file_output(out)
    )
    for trusted in ("", f"  tls.ca_file {other}\n"):
        refused = router(SERVICE + tcp_input(listen) + syslog_output(syslog, f"  Mode tls\n{trusted}"))
        send_lines(listen, [{"log": "secret"}])
        refused.wait_for("CERTIFICATE_VERIFY_FAILED")
        refused.end(signal.SIGKILL)
    good = router(SERVICE + tcp_input(listen) + syslog_output(syslog, f"  Mode tls\n  tls.ca_file {crt}\n"))
    for n in range(8):
        send_lines(listen, [{"log": f"message {n}"}])
        lines_of(out, n + 1)
    assert good.end() == 0
    assert [json.loads(line)["message"] for line in lines_of(out, 8)] == [f"message {n}" for n in range(8)]


# -- bad input


def test_garbage_everywhere_and_the_router_lives(router: Any, port: Any, tmp_path: Path, lines_of: Any) -> None:
    out, forward, tcp, syslog = tmp_path / "out", port(), port(), port()
    text = (
        SERVICE
        + forward_input(forward)
        + tcp_input(tcp)
        + f"[INPUT]\n  Name syslog\n  Mode tcp\n  Listen 127.0.0.1\n  Port {syslog}\n  Buffer_Max_Size 100K\n"
        + file_output(out)
    )
    running = router(text, 3)
    garbage = [os.urandom(5000), b"\xc1", b"\x93\xa3app", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe\n", b"\0" * 300_000]
    for where in (forward, tcp, syslog):
        for data in garbage:
            with socket.create_connection(("127.0.0.1", where)) as sock:
                try:
                    sock.sendall(data)
                except OSError:
                    continue
    huge = b"\x93\xa3app\x01\x81\xa3log\xdb\x05\xf5\xe1\x00"
    with socket.create_connection(("127.0.0.1", forward)) as sock, pytest.raises(OSError):  # noqa: PT012
        sock.sendall(huge)
        for _ in range(2000):
            sock.sendall(b"x" * 100_000)
    send_lines(tcp, [{"n": "last"}])
    running_lines = lines_of(out, 1)
    assert running_lines
    assert running.end() == 0
    assert '{"n":"last"}' in out.read_text("utf-8", "surrogateescape")
    assert "Traceback" not in running.text()
    assert "Buffer_Max_Size (6144000 bytes)" in running.text()


def test_senders_without_a_certificate_are_refused_where_one_is_asked_for(
    router: Any, port: Any, tmp_path: Path, certificate: Any, lines_of: Any
) -> None:
    out, listen = tmp_path / "out", port()
    (crt, key), (client, client_key) = certificate("server"), certificate("client")
    tls = f"  tls on\n  tls.crt_file {crt}\n  tls.key_file {key}\n  tls.verify_client_cert on\n  tls.ca_file {client}\n"
    router(SERVICE + forward_input(listen, tls) + file_output(out))
    context = ssl.create_default_context(cafile=str(crt))
    frame = msgpack.packb(["app", [[1, {"n": 1}]], {"chunk": "x"}])

    def send() -> bytes:
        with (
            socket.create_connection(("127.0.0.1", listen)) as sock,
            context.wrap_socket(sock, server_hostname="localhost") as secure,
        ):
            secure.sendall(frame)
            return secure.recv(100)

    with contextlib.suppress(ssl.SSLError, ConnectionResetError):
        assert send() == b"", "nothing is acknowledged"
    assert not out.exists()
    context.load_cert_chain(client, client_key)
    assert msgpack.unpackb(send()) == {"ack": "x"}
    assert numbers_of(lines_of(out, 1)) == [1]


def numbers_of(lines: list[str]) -> list[int]:
    return [json.loads(line)["n"] for line in lines]
