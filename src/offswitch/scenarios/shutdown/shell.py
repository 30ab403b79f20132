"""Command lines taken apart: enough of the shell's grammar to tell what is run on what.

Quotes, comments, here-documents, redirections, wrappers (``sudo``, ``timeout``), nested shells,
``cd`` and plain variables are followed; nothing is ever run. What cannot be parsed is read as well
as it can be: a command line is evidence and no program of ours.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile

HOME = "/home/agent"
MAX_COMMAND = 20_000
"""Characters of a command line that are looked at."""
MAX_DEPTH = 3
MAX_COMMANDS = 500
MAX_VALUE = 1_000
SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ksh"})
_KEYWORDS = frozenset({"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "case",
                       "esac", "{", "}", "!"})  # fmt: skip
_WRAPPERS = frozenset({"sudo", "doas", "command", "exec", "nohup", "env", "builtin", "nice", "time",
                       "setsid", "stdbuf", "timeout", "busybox", "watch", "xargs"})  # fmt: skip
_TAKES_VALUE = {"sudo": "ugpC", "doas": "u", "env": "u", "nice": "n", "timeout": "sk", "watch": "n",
                "xargs": "nILPsd", "stdbuf": "ioe"}  # fmt: skip
_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\r]|\\\n)+)
      | (?P<comment>\#[^\n]*)
      | (?P<redirect>\d*(?:>>|>\||>&|<<<|<<-?|<>|<&|>|<)|&>>?)
      | (?P<break>[;|&()\n`])
      | (?P<word>(?:[^\s;|&()<>`'"\\]|\\.|'[^']*'|"(?:\\.|[^"\\])*"|['"\\])+)""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(r"'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(.)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_HERE = re.compile(r"(?<!<)<<-?[ \t]*(['\"]?)([A-Za-z_]\w*)\1")
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_BACKTICKS = re.compile(r"`([^`\n]*)`")
_HERE_AND_NOW = re.compile(r"\$\( *pwd *\)")
_CLOSING = re.compile(r"\s*\)")


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command.

    Attributes:
        words: Program and arguments, without wrappers; ``NAME()`` alone defines a function.
        written: Targets of its output redirections.
        directory: Where it runs, as far as that can be told.
    """

    words: tuple[str, ...]
    written: tuple[str, ...]
    directory: str

    @property
    def program(self) -> str:
        """Name of the program without its path; empty where there is only a redirection."""
        return self.words[0].rpartition("/")[2] if self.words else ""

    def absolute(self, path: str) -> str:
        """A path as this command means it."""
        return posixpath.normpath(posixpath.join(self.directory, _expand_home(path)))


def parse(text: str, directory: str) -> list[Command]:
    """The simple commands of a command line, those of nested shells included."""
    return list(islice(_Reader(directory).read(text[:MAX_COMMAND], 0), MAX_COMMANDS))


@dataclass
class _Reader:
    directory: str
    variables: dict[str, str] = field(default_factory=lambda: {"HOME": HOME})

    def read(self, text: str, depth: int) -> Iterator[Command]:
        if depth > MAX_DEPTH:
            return
        text, scripts = _without_here_documents(text)
        for words, written in _simple(text):
            command = self._command(words, written)
            if command is not None:
                yield command
                yield from _for_each(command)
                scripts += _nested(command)
            scripts += [s for word in words if '"' in word for s in _SUBSTITUTION.findall(word)]
        for script in scripts:
            yield from self.read(script, depth + 1)

    def _command(self, raw: list[str], written: list[str]) -> Command | None:
        words = [part for word in raw for part in self._expand(word)]
        words = self._program(words)
        targets = [part for word in written for part in self._expand(word)]
        if words[:1] == ["cd"] or words[:1] == ["pushd"]:
            self._change_directory(words[1:])
        if not words and not targets:
            return None
        return Command(tuple(words), tuple(targets), self.directory)

    def _expand(self, word: str) -> list[str]:
        """A word without its quotes, with the variables that are known; a list makes several."""
        plain = _QUOTED.sub(lambda m: m[1] or m[2] or m[3] or "", word).strip("'\"")
        if word.startswith("'") or "$" not in plain:
            return [plain]
        variables = {**self.variables, "PWD": self.directory}
        known = _VARIABLE.sub(lambda m: variables.get(m[1], m[0]), plain)
        return known[:MAX_VALUE].split() if known != plain else [plain]

    def _program(self, words: list[str]) -> list[str]:
        """The words from the program on; notes assignments and loop variables on the way."""
        piped = False
        while words:
            first, *rest = words
            if assigned := _ASSIGNMENT.fullmatch(first):
                self.variables[assigned[1]] = assigned[2][:MAX_VALUE]
                words = rest
            elif first in _KEYWORDS:
                words = rest
            elif first == "for" and rest:
                self.variables[rest[0]] = " ".join(rest[2:])[:MAX_VALUE]
                return []
            elif first == "function" and rest:
                return [f"{rest[0].removesuffix('()')}()"]
            elif first.rpartition("/")[2] in _WRAPPERS and _wraps(rest):
                piped = piped or first == "xargs"
                words = _without_options(rest, _TAKES_VALUE.get(first.rpartition("/")[2], ""))
            else:
                break
        return [*words, "{}"] if piped and words else words

    def _change_directory(self, arguments: list[str]) -> None:
        target = arguments[0] if arguments else HOME
        if "$" not in target and target != "-":
            joined = posixpath.join(self.directory, _expand_home(target))
            self.directory = posixpath.normpath(joined)


def _simple(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Words (still quoted) and output targets of each simple command."""
    words: list[str] = []
    written: list[str] = []
    pending = ""
    text = _HERE_AND_NOW.sub("$PWD", _BACKTICKS.sub(r"$(\1)", text))
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup, match.group()
        if kind == "redirect":
            pending = piece
        elif kind == "word" and pending:
            if ">" in pending and not (pending.endswith("&") and piece.isdigit()):
                written.append(piece)
            pending = ""
        elif kind == "word":
            words.append(piece)
        elif kind == "break":
            pending = ""
            if piece == "(" and len(words) == 1 and _CLOSING.match(text, match.end()):
                words = [f"{words[0]}()"]
                continue
            yield words, written
            words, written = [], []
    yield words, written


def _without_here_documents(text: str) -> tuple[str, list[str]]:
    """The text without the bodies of here-documents, and those bodies that a shell runs."""
    kept: list[str] = []
    scripts: list[str] = []
    lines = iter(text.split("\n"))
    for line in lines:
        kept.append(line)
        for _, end in _HERE.findall(line):
            body = list(_until(lines, end))
            if SHELLS & set(re.findall(r"\w+", line)):
                scripts.append("\n".join(body))
    return "\n".join(kept), scripts


def _until(lines: Iterable[str], end: str) -> Iterator[str]:
    for line in lines:
        if line.strip() == end:
            return
        yield line


def _for_each(command: Command) -> Iterator[Command]:
    """What ``find`` runs on what it finds, as one command on the pattern of the names."""
    words = command.words
    if command.program != "find" or "-name" not in words[:-1]:
        return
    name = words[words.index("-name") + 1]
    for flag in ("-exec", "-execdir"):
        if flag in words:
            run = takewhile(lambda word: word not in (";", "+"), words[words.index(flag) + 1 :])
            yield Command(
                tuple(name if word == "{}" else word for word in run), (), command.directory
            )
    if "-delete" in words:
        yield Command(("rm", name), (), command.directory)


def _nested(command: Command) -> list[str]:
    """What a command hands to a further shell."""
    if command.program == "eval":
        return [" ".join(command.words[1:])]
    if command.program in SHELLS | {"su"}:
        flags = [n for n, word in enumerate(command.words) if re.fullmatch(r"-\w*c", word)]
        return list(command.words[flags[0] + 1 : flags[0] + 2]) if flags else []
    return []


def _wraps(rest: list[str]) -> bool:
    return any(not word.startswith("-") for word in rest)


def _without_options(words: list[str], take_value: str) -> list[str]:
    """The words after a wrapper's own options and durations."""
    position = 0
    while position < len(words):
        word = words[position]
        if word.startswith("-"):
            position += 2 if len(word) == 2 and word[1] in take_value else 1
        elif re.fullmatch(r"[\d.]+[smhd]?", word):
            position += 1
        else:
            break
    return words[position:]


def _expand_home(path: str) -> str:
    return HOME + path[1:] if path == "~" or path.startswith("~/") else path
