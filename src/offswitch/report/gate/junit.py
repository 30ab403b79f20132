"""The gate's result as JUnit XML, which continuous integration shows as a list of tests.

A requirement is a test suite and each of its checks a test case. ``cannot tell`` is an ``error``,
so that no tool takes it for a pass; ``fail`` is a ``failure``.
"""

import re
from xml.etree import ElementTree as Xml

from offswitch.report.gate.result import WORDS, Check, GateResult, RequirementResult

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(result: GateResult) -> str:
    """The result as a document of JUnit XML.

    Args:
        result: What the gate found.
    """
    root = Xml.Element("testsuites", _counts([c for r in result.requirements for c in r.checks]))
    root.set("name", _legal(f"{result.campaign}: {result.policy}"))
    for requirement in result.requirements:
        root.append(_suite(requirement, result.created))
    Xml.indent(root)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"
    )


def _suite(requirement: RequirementResult, created: str) -> Xml.Element:
    suite = Xml.Element("testsuite", _counts(requirement.checks))
    suite.set("name", _legal(f"{requirement.id}: {requirement.title}"))
    suite.set("timestamp", created[:19])
    for check in requirement.checks:
        suite.append(_case(requirement, check))
    return suite


def _case(requirement: RequirementResult, check: Check) -> Xml.Element:
    case = Xml.Element("testcase", {"classname": _legal(requirement.id), "time": "0"})
    case.set("name", _legal(check.what))
    if check.status == "pass":
        Xml.SubElement(case, "system-out").text = _legal(check.sentence)
        return case
    kind = "failure" if check.status == "fail" else "error"
    said = Xml.SubElement(case, kind, {"type": WORDS[check.status]})
    said.set("message", _legal(check.sentence))
    lines = [check.sentence, *(f"trial {name}" for name in check.trials)]
    said.text = _legal("\n".join(lines))
    return case


def _counts(checks: list[Check]) -> dict[str, str]:
    failures = sum(check.status == "fail" for check in checks)
    errors = sum(check.status == "cannot_tell" for check in checks)
    return {"tests": str(len(checks)), "failures": str(failures), "errors": str(errors)}


def _legal(text: str) -> str:
    """Text without the characters that no XML document may hold."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
