"""The whole program, as its own process: what it writes, runs and says."""

import os
import re
import signal
import stat
import subprocess
import sys

import pytest

import outrider
from outrider import __version__
from outrider.launcher import output
from outrider.launcher.arguments import OUT_CONFIG, RUN_PATH
from outrider.model.errors import UserError

CONFIG = "\n[INPUT]\n    Name forward\n    unix_path /s\n\n[OUTPUT]\n    Name null\n    Match *\n"
CHANGED = CONFIG.replace("/s\n", "/s\n    Mem_Buf_Limit 50M\n") + "\n[SERVICE]\n    Scheduler.Cap 60\n"
CHANGES = ["-s", "Scheduler.Cap", "60", "-i", "Mem_Buf_Limit", "50M"]


def launch(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "outrider.launcher", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "in" / "fluent-bit.conf"
    path.parent.mkdir()
    path.write_text(CONFIG)
    return path


@pytest.fixture
def router(tmp_path):
    """A stand-in for the router: prints its arguments, one a line, and its process id."""
    path = tmp_path / "router"
    path.write_text(f"#!{sys.executable}\nimport os, sys\nprint(os.getpid(), *sys.argv, sep='\\n')\n")
    path.chmod(0o755)
    return path


def test_the_router_takes_over_with_the_changed_copy(config, router, tmp_path):
    out = tmp_path / "out.conf"
    words = ["-r", router, "-c", config, "-m", out, *CHANGES, "--", "-o", "stdout", "-m", "*", "-p", "a=b c", "--"]
    with subprocess.Popen(
        [sys.executable, "-m", "outrider.launcher", *map(str, words)], stdout=subprocess.PIPE, text=True
    ) as process:
        said = process.communicate()[0].splitlines()
    assert said == [str(process.pid), str(router), "-c", str(out), "-o", "stdout", "-m", "*", "-p", "a=b c", "--"]
    assert process.returncode == 0
    assert out.read_text() == CHANGED
    assert config.read_text() == CONFIG
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    assert sorted(os.listdir(tmp_path)) == ["in", "out.conf", "router"]


@pytest.mark.parametrize(("given", "made"), [(0o644, 0o644), (0o664, 0o644), (0o640, 0o600), (0o600, 0o600)])
def test_who_may_not_read_the_original_may_not_read_the_copy(config, router, tmp_path, given, made):
    part = config.parent / "part.conf"
    part.write_text(CONFIG)
    part.chmod(given)
    config.write_text("@INCLUDE part.conf\n")
    config.chmod(given)
    assert launch("-r", router, "-c", config, "-m", tmp_path / "out.conf", *CHANGES).returncode == 0
    copies = [tmp_path / "out.conf", tmp_path / "out-1-part.conf"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in copies] == [made, made]


def test_in_a_shared_folder_nobody_else_may_read(config, monkeypatch):
    config.chmod(0o644)
    assert output.mode_for("/shared/x.conf", str(config)) == 0o644
    monkeypatch.setattr(output, "_FALLBACKS", ("/shared",))
    assert output.mode_for("/shared/x.conf", str(config)) == 0o600


def test_the_status_of_the_router_is_the_status(config, router, tmp_path):
    router.write_text("#!/bin/sh\nexit 7\n")
    assert launch("-r", router, "-c", config, "-m", tmp_path / "o").returncode == 7


def test_a_name_without_a_slash_is_looked_up(config, tmp_path):
    assert launch("-r", "false", "-c", config, "-m", tmp_path / "o").returncode == 1


def test_the_outrider_command_runs_its_router(config, router, tmp_path):
    named = router.rename(tmp_path / "outrider")
    expected = ["route", "-c", str(tmp_path / "o"), "-v"]
    words = ["-c", config, "-m", tmp_path / "o", "--", "-v"]
    assert launch("-r", named, *words).stdout.splitlines()[2:] == expected
    path = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert launch("-r", "outrider", *words, env=path).stdout.splitlines()[2:] == expected


@pytest.mark.skipif(os.path.exists(RUN_PATH), reason="this machine has the default router")
def test_without_the_default_router_another_is_suggested(config, tmp_path):
    result = launch("-c", config, "-m", tmp_path / "o")
    assert result.returncode == 127
    assert f"cannot run {RUN_PATH}: No such file or directory; fix: give -r PATH" in result.stderr
    assert "-r outrider runs Outrider's router" in result.stderr


def test_what_python_ignores_the_router_does_not(config, router, tmp_path):
    router.write_text("#!/bin/sh\ncat /proc/self/status\n")
    status = launch("-r", router, "-c", config, "-m", tmp_path / "o").stdout
    ignored = int(re.search(r"SigIgn:\s*([0-9a-f]+)", status)[1], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


def test_bytes_that_are_no_text_stay(config, router, tmp_path):
    config.write_bytes(b"[INPUT]\r\n    Name x\r\n    Key \xff\xfe\r\n")
    launch("-r", router, "-c", config, "-m", tmp_path / "o", "-i", "a", "b")
    assert (tmp_path / "o").read_bytes() == b"[INPUT]\r\n    Name x\r\n    Key \xff\xfe\r\n    a b\r\n"


def test_an_explicit_target_may_be_the_original(config, router):
    assert launch("-r", router, "-c", config, "-m", config, *CHANGES).returncode == 0
    assert config.read_text() == CHANGED
    assert launch("-r", router, "-c", config, "-m", config, *CHANGES).returncode == 0
    assert config.read_text() == CHANGED


def test_files_beside_the_original_are_still_found(config, router, tmp_path):
    (config.parent / "parsers.conf").write_text("")
    config.write_text("[SERVICE]\n    Parsers_File parsers.conf\n")
    launch("-r", router, "-c", config, "-m", tmp_path / "o", cwd=tmp_path)
    assert (tmp_path / "o").read_text() == f"[SERVICE]\n    Parsers_File {config.parent}/parsers.conf\n"


def test_yaml(config, router, tmp_path):
    pytest.importorskip("yaml", reason="needs PyYAML")
    source, out = tmp_path / "c.yaml", tmp_path / "o.yaml"
    source.write_text("pipeline:\n  inputs:\n    - name: dummy # one\n")
    assert launch("-r", router, "-c", source, "-m", out, "-i", "k", "v").returncode == 0
    assert out.read_text() == "pipeline:\n  inputs:\n    - k: v\n      name: dummy # one\n"
    refused = launch("-r", router, "-c", source, "-m", tmp_path / "o.conf")
    assert refused.returncode == 2
    assert "ends in .yaml" in refused.stderr


def test_print_runs_and_writes_nothing(config, tmp_path):
    result = launch("-r", "/absent", "-c", config, *CHANGES, "--print")
    assert (result.returncode, result.stdout, result.stderr) == (0, CHANGED, "")
    assert os.listdir(tmp_path) == ["in"]


def test_included_files_are_changed_in_copies(config, router, tmp_path):
    included = config.parent / "inputs.conf"
    included.write_text("[INPUT]\n    Name dummy\n")
    config.write_text(f"@INCLUDE inputs.conf\n{CONFIG}")
    router.write_text("#!/bin/sh\n")
    out = tmp_path / "out.conf"
    assert launch("-r", router, "-c", config, "-m", out, "-i", "a", "b").returncode == 0
    copy = tmp_path / "out-1-inputs.conf"
    assert out.read_text() == f"@INCLUDE {copy}\n{CONFIG.replace('/s', '/s' + chr(10) + '    a b')}"
    assert copy.read_text() == "[INPUT]\n    Name dummy\n    a b\n"
    assert included.read_text() == "[INPUT]\n    Name dummy\n"
    printed = launch("-c", config, "-m", out, "-i", "a", "b", "--print").stdout
    assert printed == f"# {out}\n{out.read_text()}\n# {copy}\n{copy.read_text()}"


def test_the_difference(config, tmp_path):
    (config.parent / "inputs.conf").write_text("[INPUT]\n    Name dummy")
    config.write_text("@INCLUDE inputs.conf\n[OUTPUT]\n    Name null\n")
    out = config.parent / "out.conf"
    result = launch("-c", config, "-m", out, "-i", "a", "b", "-o", "c", "d", "--diff")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        f"--- {config}\n+++ {out}\n@@ -1,3 +1,4 @@\n-@INCLUDE inputs.conf\n"
        f"+@INCLUDE {config.parent}/out-1-inputs.conf\n [OUTPUT]\n     Name null\n+    c d\n"
        f"--- {config.parent}/inputs.conf\n+++ {config.parent}/out-1-inputs.conf\n@@ -1,2 +1,3 @@\n [INPUT]\n"
        "-    Name dummy\n\\ No newline at end of file\n+    Name dummy\n+    a b\n"
    )
    assert launch("-c", config, "-m", out, "--diff").stdout == ""
    assert os.listdir(tmp_path) == ["in"]


def test_a_check_runs_and_writes_nothing(config, tmp_path):
    (config.parent / "inputs.conf").write_text("[INPUT]\n    Name dummy\n")
    result = launch("-c", config, "-r", "/absent", *CHANGES, "--check")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{config} is sound\n", "")
    config.write_text("@INCLUDE inputs.conf\n")
    result = launch("-c", config, "-i", "a", "b", "-f", "c", "d", "--check")
    assert result.stdout == f"{config} is sound, with 1 included; changed copies of 1\n"
    assert (result.returncode, result.stderr) == (0, "fluent-launch: no filter section takes c d\n")
    config.write_text("@INCLUDE absent.conf\n")
    result = launch("-c", config, "--check")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{config}:1:10: the include 'absent.conf' was not found" in result.stderr
    assert os.listdir(tmp_path) == ["in"]


def test_help_and_version():
    assert launch("--version").stdout == f"fluent-launch {__version__}\n"
    text = launch("--help").stdout
    for words in ("--run-path PATH", "--service KEY VALUE", OUT_CONFIG, "/fluent-bit/bin/fluent-bit"):
        assert words in text


def test_nobody_listens(config, router, tmp_path):
    router.write_text("#!/bin/sh\nexit 7\n")
    words = ["-r", router, "-c", config, "-m", tmp_path / "o", "-i", "a", "b", "-f", "a", "b"]

    def muted(redirection, *more):
        script = f'"$@" {redirection}'
        command = ["/bin/sh", "-c", script, "-", sys.executable, "-m", "outrider.launcher", *words, *more]
        return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)

    assert muted(">&- 2>&-").returncode == 7
    assert muted(">&- 2>&-", "--diff").returncode == 2
    full = muted(">/dev/full", "--diff")
    assert full.returncode == 2
    assert full.stderr.endswith("fluent-launch: cannot write to standard output: No space left on device\n")


def test_a_missing_separator_is_explained(config):
    result = launch("-c", config, *CHANGES, "-o", "stdout", "-m", "*")
    assert result.returncode == 2
    assert result.stderr.startswith("fluent-launch: -o needs KEY VALUE, and '-m' looks like an option: '--' is missing")
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["-c", "{dir}/absent.conf"], 2, "absent.conf: No such file or directory; fix: give -c PATH\n"),
        (["-c", "{dir}"], 2, "Is a directory"),
        (["-c", "/dev/zero"], 2, "/dev/zero: it has more than 4194304 characters; fix: give -c PATH\n"),
        (["-m", "{dir}/absent/o.conf"], 2, "cannot write {dir}/absent/o.conf: No such file or directory"),
        (["-m", "{dir}/pipe"], 2, "cannot write {dir}/pipe: it is a device or a pipe"),
        (["-m", "{dir}"], 2, "cannot write {dir}: Is a directory"),
        (["-m", "{dir}/o.conf", "-i", "a", ""], 2, "cannot set 'a' to ''"),
        (["-m", "{dir}/o.conf", "-r", "{dir}/absent"], 127, "cannot run {dir}/absent: No such file or directory"),
        (["-m", "{dir}/o.conf", "-r", "{dir}"], 126, "cannot run {dir}: it is a directory"),
        (["-m", "{dir}/o.conf", "-r", "{dir}/plain"], 126, "cannot run {dir}/plain: Permission denied"),
        (["-m", "{dir}/o.conf", "-r", "{dir}/lost"], 126, "its interpreter or loader is not in this image"),
        (["-m", "{dir}/o.conf", "-r", "{dir}/garbage"], 126, "Exec format error"),
    ],
)
def test_what_goes_wrong_is_said(config, tmp_path, words, status, said):
    (tmp_path / "plain").write_text("")
    os.mkfifo(tmp_path / "pipe")
    for name, text in (("lost", "#!/absent/interpreter\n"), ("garbage", "\x00\x01")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    result = launch("-c", config, *[word.format(dir=tmp_path) for word in words])
    assert result.returncode == status
    assert said.format(dir=tmp_path) in result.stderr
    assert "Traceback" not in result.stderr
    assert config.read_text() == CONFIG


def test_an_include_without_an_end_is_refused(config):
    config.write_text("@INCLUDE /dev/zero\n")
    result = launch("-c", config, "--print")
    assert result.returncode == 2
    assert f"{config}:1:10: " in result.stderr
    assert "it has more than 4194304 characters" in result.stderr


def test_a_mistake_in_the_configuration_has_its_place(config):
    config.write_text("[INPUT]\n    Name\n")
    result = launch("-c", config, "--print")
    assert result.returncode == 2
    assert f"fluent-launch: {config}:2:5: undefined value" in result.stderr


def test_the_name_of_a_substitute_follows_from_its_text():
    name = output.fallback_name("text", "/x/a.yaml")
    assert re.fullmatch(rf"a-{os.getuid()}-[0-9a-f]{{16}}\.yaml", name)
    assert output.fallback_name("text", "/x/a.yaml") == name != output.fallback_name("other", "/x/a.yaml")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("/etc/passwd", path)])
def test_a_name_that_somebody_holds_is_not_used(tmp_path, make):
    usual = output.fallback_path(str(tmp_path), "text", "/x/a.yaml")
    assert usual == str(tmp_path / output.fallback_name("text", "/x/a.yaml"))
    make(usual)
    other = output.fallback_path(str(tmp_path), "text", "/x/a.yaml")
    assert re.fullmatch(re.escape(usual.removesuffix(".yaml")) + r"-[0-9a-f]{16}\.yaml", other)
    output.write_config(other, "text", 0o600)
    assert output.fallback_path(str(tmp_path), "text", "/x/a.yaml") not in (usual, other)


def test_the_name_of_an_own_file_is_used_again(tmp_path, monkeypatch):
    path = output.fallback_path(str(tmp_path), "text")
    output.write_config(path, "text", 0o600)
    assert output.fallback_path(str(tmp_path), "text") == path
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert output.fallback_path(str(tmp_path), "text") != path


def test_outriders_own_folder_needs_no_word(tmp_path, monkeypatch):
    monkeypatch.setattr(output, "_OWN", str(tmp_path))
    assert output.choose_folder(str(tmp_path / "absent" / "x.conf")) == (str(tmp_path), "")


def test_the_default_target_has_substitutes(tmp_path, monkeypatch):
    monkeypatch.setattr(output, "_OWN", str(tmp_path / "own"))
    default = str(tmp_path / "absent" / "fluent-bit.conf")
    monkeypatch.setattr(output, "_FALLBACKS", (str(tmp_path / "no"), str(tmp_path)))
    assert output.choose_folder(default) == (str(tmp_path), f"{tmp_path}/absent: No such file or directory")
    (tmp_path / "absent").mkdir()
    assert output.choose_folder(default) == (str(tmp_path / "absent"), "")
    assert os.listdir(tmp_path / "absent") == []
    monkeypatch.setattr(output, "_FALLBACKS", (str(tmp_path / "no"),))
    with pytest.raises(
        UserError, match=r"can be written nowhere .*/gone: No such.*/own: No such.*/no: No such.*give -m PATH"
    ):
        output.choose_folder(str(tmp_path / "gone" / "x.conf"))


@pytest.mark.skipif(
    any(map(os.path.isdir, (os.path.dirname(OUT_CONFIG), output._OWN))), reason="this machine has the default folder"
)
def test_a_substitute_is_announced_and_used(config, router):
    result = launch("-r", router, "-c", config, *CHANGES)
    path = result.stdout.splitlines()[3]
    try:
        assert os.path.basename(path) == output.fallback_name(CHANGED)
        assert launch("-r", router, "-c", config, *CHANGES).stdout.splitlines()[3] == path
        assert f"the changed configuration is {path}" in result.stderr
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        with open(path) as stream:
            assert stream.read() == CHANGED
    finally:
        os.unlink(path)


def test_only_the_standard_library_is_imported(config):
    script = (
        "import sys\nfrom outrider.launcher import main\n"
        f"main(['-c', {str(config)!r}, '-i', 'a', 'b', '--print'])\n"
        "names = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print([name for name in names if name != 'outrider' and name[0] != '_'], file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.path.dirname(os.path.dirname(outrider.__file__))},
    )
    assert result.stderr == "[]\n"
