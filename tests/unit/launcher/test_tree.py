"""Configurations of several files: what is read, changed and written, in both languages."""

import fnmatch
import os.path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import classic_load, yaml_config
from outrider.formats.words import key_name
from outrider.launcher import tree
from outrider.launcher.arguments import Change
from outrider.model.errors import UserError

OUT = "/out/fluent-bit"


class Disk(dict):
    """Files by their path; ``/here`` is the working directory."""

    def read(self, path):
        return self[os.path.normpath(os.path.join("/here", path))]

    def identity(self, path):
        path = os.path.normpath(os.path.join("/here", path))
        return path if path in self else None

    def glob(self, pattern):
        return sorted(path for path in self if fnmatch.fnmatch(path, os.path.normpath(pattern)))


def settled(disk, main, *changes, folder="/out"):
    """What is written, by path, and what is said."""
    members = tree.read(main, disk.read(main), disk)
    notes = tree.change(members, [Change(*one) for one in changes])
    extension = os.path.splitext(main)[1]

    def name(member, number, text):
        return f"{folder}/fluent-bit-{number}-{os.path.basename(member.path)}" if number else f"{folder}/out{extension}"

    written = tree.settle(members, folder, name, disk)
    assert written[-1].original_path == main
    assert len({one.path for one in written}) == len(written)
    return {one.path: one.text for one in written}, notes


CLASSIC = {
    "/etc/fb/main.conf": "[SERVICE]\n    Parsers_File p.conf\n@INCLUDE inputs.conf\n@INCLUDE outputs.conf\n",
    "/etc/fb/inputs.conf": "[INPUT]\n    Name dummy\n",
    "/etc/fb/outputs.conf": "[OUTPUT]\n    Name null\n",
    "/etc/fb/p.conf": "",
}


def test_an_included_file_with_a_section_to_change_is_copied():
    written, notes = settled(Disk(CLASSIC), "/etc/fb/main.conf", ("input", "a", "b"), ("filter", "c", "d"))
    assert written == {
        "/out/fluent-bit-1-inputs.conf": "[INPUT]\n    Name dummy\n    a b\n",
        "/out/out.conf": "[SERVICE]\n    Parsers_File /etc/fb/p.conf\n"
        "@INCLUDE /out/fluent-bit-1-inputs.conf\n@INCLUDE /etc/fb/outputs.conf\n",
    }
    assert notes == ["no filter section takes c d"]


def test_beside_the_original_nothing_else_changes():
    written, _ = settled(Disk(CLASSIC), "/etc/fb/main.conf", ("output", "a", "b"), folder="/etc/fb")
    assert written["/etc/fb/out.conf"] == CLASSIC["/etc/fb/main.conf"].replace(
        "outputs.conf", "/etc/fb/fluent-bit-2-outputs.conf"
    )


def test_a_service_in_an_included_file_is_the_service():
    disk = Disk({"/m.conf": "@INCLUDE s.conf", "/s.conf": "[SERVICE]\n    Flush 1\n"})
    written, _ = settled(disk, "/m.conf", ("service", "flush", "5"))
    assert written == {
        "/out/fluent-bit-1-s.conf": "[SERVICE]\n    Flush 5\n",
        "/out/out.conf": "@INCLUDE /out/fluent-bit-1-s.conf",
    }


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_pattern_becomes_the_files_that_it_names(end):
    disk = Disk({"/c/m.conf": f"@include d/*.conf{end}[OUTPUT]{end}    Name x{end}", "/c/d/a.conf": "[INPUT]\n a 1\n"})
    disk["/c/d/b.conf"] = "[FILTER]\n    Name x\n"
    written, _ = settled(disk, "/c/m.conf", ("input", "a", "2"))
    assert written["/out/out.conf"] == (
        f"@include /out/fluent-bit-1-a.conf{end}@include /c/d/b.conf{end}[OUTPUT]{end}    Name x{end}"
    )
    assert settled(disk, "/c/m.conf")[0]["/out/out.conf"].startswith(f"@include /c/d/*.conf{end}")


def test_who_includes_a_copy_is_copied_too():
    disk = Disk({"/c/m.conf": "@INCLUDE a.conf", "/c/a.conf": "@INCLUDE b.conf\n", "/c/b.conf": "[INPUT]\n    a 1\n"})
    written, _ = settled(disk, "/c/m.conf", ("input", "a", "2"))
    assert written == {
        "/out/fluent-bit-2-b.conf": "[INPUT]\n    a 2\n",
        "/out/fluent-bit-1-a.conf": "@INCLUDE /out/fluent-bit-2-b.conf\n",
        "/out/out.conf": "@INCLUDE /out/fluent-bit-1-a.conf",
    }
    # Without a change too: what an included file includes counts from the main file's folder, which is another one.
    assert settled(disk, "/c/m.conf")[0]["/out/fluent-bit-1-a.conf"] == "@INCLUDE /c/b.conf\n"


@pytest.mark.parametrize(
    ("main", "moved"),
    [
        ("[FILTER]\n    Name lua\n    Script p.conf\n", "    Script /etc/fb/p.conf\n"),
        ("[OUTPUT]\n    Name forward\n    upstream  p.conf\n", "    upstream  /etc/fb/p.conf\n"),
        ("[SERVICE]\n    parsers_file p.conf\n    Parsers_File q\n", "    parsers_file /etc/fb/p.conf\n"),
        ("[SERVICE]\n    parsers_file p.conf\n    streams_file p.conf\n", "    streams_file /etc/fb/p.conf\n"),
    ],
)
def test_files_beside_the_original_get_their_full_path(main, moved):
    disk = Disk({**CLASSIC, "/etc/fb/main.conf": main})
    assert moved in settled(disk, "/etc/fb/main.conf")[0]["/out/out.conf"]
    assert settled(disk, "/etc/fb/main.conf", folder="/etc/fb")[0]["/etc/fb/out.conf"] == main


@pytest.mark.parametrize("path", ["/abs.conf", "here.conf", "nowhere.conf", "${DIR}/x.conf"])
def test_other_paths_stay(path):
    main = f"[SERVICE]\n    Parsers_File {path}\n[INPUT]\n    Path {path}\n"
    disk = Disk(dict.fromkeys(["/abs.conf", "/here/here.conf", "/etc/fb/here.conf"], ""))
    disk["/etc/fb/main.conf"] = main
    assert settled(disk, "/etc/fb/main.conf")[0]["/out/out.conf"] == main


YAML = {
    "/c/m.yaml": "includes:\n  - d/a.yaml # first\n  - e.yaml\nservice: {parsers_file: p.conf}\n",
    "/c/d/a.yaml": "includes: [f.yaml]\n",
    "/c/d/f.yaml": "pipeline:\n  inputs:\n    - name: dummy\n",
    "/c/e.yaml": "",
    "/c/p.conf": "",
}


def test_yaml_includes_count_from_their_own_file():
    written, _ = settled(Disk(YAML), "/c/m.yaml", ("input", "a", "b"))
    assert written == {
        "/out/fluent-bit-3-f.yaml": "pipeline:\n  inputs:\n    - a: b\n      name: dummy\n",
        "/out/fluent-bit-1-a.yaml": 'includes: ["/out/fluent-bit-3-f.yaml"]\n',
        "/out/out.yaml": 'includes:\n  - "/out/fluent-bit-1-a.yaml" # first\n  - "/c/e.yaml"\n'
        'service: {parsers_file: "/c/p.conf"}\n',
    }
    assert settled(Disk(YAML), "/c/m.yaml")[0].keys() == {"/out/out.yaml"}


@pytest.mark.parametrize("main", ["includes:\n  - d/*.yaml\n", 'includes: ["d/*.yaml"]\n', "includes: [*x]"])
def test_a_pattern_in_yaml(main):
    disk = Disk({**YAML, "/c/m.yaml": main, "/c/d/a.yaml": "env: {}\n"})
    if "*x" in main:
        with pytest.raises(UserError):
            settled(disk, "/c/m.yaml")
        return
    text = settled(disk, "/c/m.yaml", ("input", "a", "b"))[0]["/out/out.yaml"]
    assert pytest.importorskip("yaml").safe_load(text) == {"includes": ["/c/d/a.yaml", "/out/fluent-bit-2-f.yaml"]}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"/m.conf": "@INCLUDE gone.conf"}, "/m.conf:1:10: the include 'gone.conf' was not found"),
        ({"/m.conf": "@INCLUDE d/*.conf"}, "/m.conf:1:10: no file matches the include 'd/*.conf'"),
        ({"/m.conf": "\n@INCLUDE m.conf"}, "/m.conf:2:10: Read twice: the include '/m.conf'"),
        ({"/m.conf": "@INCLUDE a.conf", "/a.conf": "[INPUT]\n    Name\n"}, "/a.conf:2:5: undefined value"),
        ({"/m.yaml": "includes: [gone.yaml]"}, "/m.yaml:1:12: the include was not found: '/gone.yaml'"),
        ({"/m.yaml": "includes: ['d/*.yaml']"}, "/m.yaml:1:12: no file matches the include '/d/*.yaml'"),
        ({"/m.yaml": "includes: [m.yaml]"}, "Read twice"),
        ({"/m.yaml": "includes: a.yaml"}, "/m.yaml:1:11: 'includes' must be a list of paths"),
        ({"/m.yaml": "includes: [a.yaml]", "/a.yaml": "]"}, "/a.yaml:1:1: not YAML"),
    ],
)
def test_what_is_wrong_has_its_place(files, said):
    with pytest.raises(UserError) as caught:
        settled(Disk(files), next(iter(files)))
    assert said in str(caught.value)


def test_too_many_files():
    disk = Disk({f"/d/{number}.conf": "" for number in range(1000)})
    disk["/m.conf"] = "@INCLUDE d/*.conf"
    with pytest.raises(UserError, match="too many files are included"):
        settled(disk, "/m.conf")


KINDS = st.sampled_from(["INPUT", "out", "FILTER", "SERVICE"])
KEYS = st.sampled_from(["Name", "MATCH", "key", "other"])
SECTION = st.tuples(KINDS, st.lists(KEYS, min_size=1, max_size=3)).map(
    lambda found: f"[{found[0]}]\n" + "".join(f"    {key} {number}\n" for number, key in enumerate(found[1]))
)


@st.composite
def configurations(draw):
    """A main file and up to five others, each included once, by a file before it, in one of three ways of writing."""
    count = draw(st.integers(0, 5))
    paths = ["/c/m.conf", *(draw(st.sampled_from(["/c", "/c/d", "/e"])) + f"/{n}.conf" for n in range(1, count + 1))]
    texts = ["".join(draw(st.lists(SECTION, max_size=2))) for _ in paths]
    for number in range(1, count + 1):
        path = paths[number]
        forms = [path, os.path.relpath(path, "/c"), os.path.relpath(path, "/c").replace(".conf", "*.conf")]
        texts[draw(st.integers(0, number - 1))] += f"@INCLUDE {draw(st.sampled_from(forms))}\n"
    return Disk(zip(paths, texts, strict=True))


CHANGES = st.lists(st.tuples(st.sampled_from(["input", "output", "filter", "service"]), KEYS, KEYS), max_size=3)


def meaning(disk, path):
    """The sections that a router reads, each as its kind and properties."""
    sections = classic_load.load(path, disk).sections
    return [(section.kind, [(entry.spelling, entry.value) for entry in section.entries]) for section in sections]


@given(configurations(), CHANGES, st.sampled_from(["/out", "/c", "/c/d"]))
def test_the_router_reads_the_same_sections_changed(disk, changes, folder):
    before = meaning(disk, "/c/m.conf")
    written, _ = settled(disk, "/c/m.conf", *changes, folder=folder)
    after = meaning(Disk({**disk, **written}), f"{folder}/out.conf")
    expected = changed_by_hand(before, changes)
    # A service that is added stands at the end of the main file, which may be in the middle of all.
    assert after == expected or (len(after) > len(before) and sorted(map(str, after)) == sorted(map(str, expected)))


def changed_by_hand(sections, changes):
    """The same changes in the sections that a router reads."""
    sections = [(kind, list(pairs)) for kind, pairs in sections]
    for kind, key, value in changes:
        if kind == "service" and not any(found == kind for found, _ in sections):
            sections.append((kind, []))
        for found, pairs in sections:
            if found == kind:
                same = [at for at, (name, _) in enumerate(pairs) if name.lower() == key.lower()]
                if not same:
                    pairs.append((key, value))
                    continue
                pairs[same[-1]] = (pairs[same[-1]][0], value)
                for at in reversed(same[:-1]):
                    del pairs[at]
    return sections


YAML_KEYS = st.lists(st.sampled_from(["name", "match", "memBufLimit", "other"]), min_size=1, max_size=3, unique=True)
PARTS = st.dictionaries(st.sampled_from(["inputs", "outputs"]), st.lists(YAML_KEYS, min_size=1, max_size=2))


@st.composite
def yaml_configurations(draw):
    """The same in YAML; an include counts from the file that has it."""
    yaml = pytest.importorskip("yaml", reason="needs PyYAML")
    count = draw(st.integers(0, 4))
    paths = ["/c/m.yaml", *(draw(st.sampled_from(["/c", "/c/d", "/e"])) + f"/{n}.yaml" for n in range(1, count + 1))]
    contents = [{"env": {"x": "y"}} for _ in paths]
    for number, content in enumerate(contents):
        parts = draw(PARTS)
        content["pipeline"] = {name: [dict.fromkeys(keys, "0") for keys in listed] for name, listed in parts.items()}
        if draw(st.booleans()):
            content["service"] = {"flush": number + 1}
    for number in range(1, count + 1):
        by = draw(st.integers(0, number - 1))
        near = os.path.relpath(paths[number], os.path.dirname(paths[by]))
        form = draw(st.sampled_from([paths[number], near, near.replace(".yaml", "*.yaml")]))
        contents[by].setdefault("includes", []).append(form)
    flow = draw(st.booleans() | st.none())
    return Disk(zip(paths, [yaml.safe_dump(one, default_flow_style=flow) for one in contents], strict=True))


@given(
    yaml_configurations(),
    st.lists(st.tuples(st.sampled_from(["input", "output", "service"]), st.sampled_from(["Flush", "mem_buf_limit"]))),
    st.sampled_from(["/out", "/c", "/c/d"]),
)
def test_the_router_reads_the_same_yaml_changed(disk, changes, folder):
    before = yaml_config.load("/c/m.yaml", disk)
    written, _ = settled(
        disk, "/c/m.yaml", *[(*one, f"{number}M") for number, one in enumerate(changes)], folder=folder
    )
    after = yaml_config.load(f"{folder}/out.yaml", Disk({**disk, **written}))
    assert [section.kind for section in after.sections] == [section.kind for section in before.sections]
    last = {(kind, key_name(key)): f"{number}M" for number, (kind, key) in enumerate(changes)}
    for old, new in zip(before.sections, after.sections, strict=True):
        expected = {pair.key: pair.value for pair in old.pairs}
        expected |= {key: value for (kind, key), value in last.items() if kind == old.kind}
        assert {pair.key: pair.value for pair in new.pairs} == expected
    for key, value in [(key, value) for (kind, key), value in last.items() if kind == "service"]:
        assert {pair.value for pair in after.service if pair.key == key} == {value}
