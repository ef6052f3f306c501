"""The launcher follows an include of what AWS's image has, in an image that has it not."""

from __future__ import annotations

from pathlib import Path

from outrider.formats.stock_files import TEXTS
from outrider.launcher import tree
from outrider.launcher.arguments import Change
from outrider.net.files import ConfigurationFiles

STOCK = "/fluent-bit/configs/minimize-log-loss.conf"


def test_a_stock_file_is_changed_in_a_copy(tmp_path: Path) -> None:
    main, files = tmp_path / "fluent-bit.conf", ConfigurationFiles()
    main.write_text(f"[INPUT]\n    Name forward\n@INCLUDE {STOCK}\n")
    members = tree.read(str(main), main.read_text(), files)
    assert tree.change(members, [Change("service", "Grace", "60")]) == []
    written = tree.settle(members, str(tmp_path), lambda member, number, text: f"{tmp_path}/{number}.conf", files)
    copy = TEXTS[STOCK].replace("Grace 30", "Grace 60")
    assert [(one.path, one.text) for one in written] == [
        (f"{tmp_path}/1.conf", copy),
        (f"{tmp_path}/0.conf", main.read_text().replace(STOCK, f"{tmp_path}/1.conf")),
    ]
