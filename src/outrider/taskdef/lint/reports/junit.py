"""JUnit's XML, which continuous integration shows as tests: one suite a file, one failed case a finding."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree

from outrider.taskdef.lint.finding import Finding

_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def report(findings: Sequence[Finding], texts: Mapping[str, str]) -> str:
    """See FORMATS. Notes are no failures."""
    root = ElementTree.Element("testsuites", name="outrider task lint")
    for file in texts:
        own = [finding for finding in findings if finding.place.file == file]
        failed = [finding for finding in own if finding.level != "note"]
        numbers = {"tests": str(max(len(own), 1)), "failures": str(len(failed))}
        suite = ElementTree.SubElement(root, "testsuite", {"name": _xml(file), **numbers})
        if not own:
            ElementTree.SubElement(suite, "testcase", name="no findings", classname=_xml(file))
        for finding in own:
            name = f"{finding.id} {finding.place.line}:{finding.place.column}"
            case = ElementTree.SubElement(suite, "testcase", name=name, classname=_xml(file))
            told = f"{finding.place}: {finding.message}\nfix: {finding.fix}\nsee: {finding.url}"
            if finding in failed:
                about = {"message": _xml(finding.message), "type": finding.level}
                ElementTree.SubElement(case, "failure", about).text = _xml(told)
            else:
                ElementTree.SubElement(case, "system-out").text = _xml(told)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    """The text without characters that XML has no form for."""
    return _NOT_XML.sub("\ufffd", text)
