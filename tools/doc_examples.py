"""Run the console and Python examples of the documentation, and compare what they print.

    python tools/doc_examples.py [--write] PAGE...

The examples of a page run in order in a home folder of their own. It holds the songs of
``examples/collection.py`` in ``~/Music``, scanned into a library, and the commands run in
``~/earmark``, which has the ``examples`` folder of the repository. With ``--write``, output that
differs is replaced in the page.

In a ``console`` block, lines that begin with ``$`` are commands and the others are their output. If
a block shows no output, it only has to succeed. A line ``...`` stands for any lines, and ``...`` in
a line for any text; numbers may differ a little, and times and dates in any way. In a ``python``
block, a comment behind ``print(...)`` is what it prints. A ``text`` block right after it is all
that it prints.

An HTML comment before a block says what is special about it; the site does not show it:

- ``<!-- example: skip, REASON -->``: it cannot run here.
- ``<!-- example: exit 1 -->``: its last command ends with this exit code.
- ``<!-- example: typed, blues, n, q -->``: lines that are typed when the command asks.

``<!-- example: slow -->`` at the start of a page marks one that takes long.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import io
import os
import random
import re
import shlex
import shutil
import string
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

import platformdirs
from collection import write_collection

from earmark.cli._main import run

__all__ = ["Block", "Sandbox", "blocks_of", "differences", "pages", "write_outputs"]

ROOT = Path(__file__).parent.parent
SHOWN_HOME = "/home/ann"
"""What the pages show instead of the home folder, which is of the same length."""

_STAND_INS = {
    "make demo": ("earmark warmup", "earmark classify examples/audio"),
}
"""What runs instead of a command that would install something first."""

_FENCE = re.compile(
    r"(?:<!-- example: (?P<note>[^\n]*?) -->\n+)?"
    r"^```(?P<kind>console|python)\n(?P<body>.*?)^```$"
    r"(?:\n\n```text\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
_SHELL = re.compile(r"[|;&<`]|\$\(")
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_TIMES = re.compile(r"\d+(?:\.\d+)? (?:ms|s|min|hours)\b|\d{4}-\d\d-\d\d(?:[T ][\d:]+)?")


# --- Reading pages --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the output shown below it."""

    text: str
    output: str


@dataclass(frozen=True)
class Block:
    """A block of code in a page, with what the comment before it says."""

    kind: str
    body: str
    line: int
    note: str
    output: str | None

    @property
    def skipped(self) -> str | None:
        """The reason why it cannot run, or None."""
        return self.note.removeprefix("skip, ") if self.note.startswith("skip, ") else None

    @property
    def exit_code(self) -> int:
        """What the last command ends with."""
        return int(self.note.removeprefix("exit ")) if self.note.startswith("exit ") else 0

    @property
    def typed(self) -> list[str]:
        """Lines that are typed when a command asks."""
        return self.note.split(", ")[1:] if self.note.startswith("typed, ") else []

    def commands(self) -> Iterator[Command]:
        """Yield the commands of a console block."""
        text = re.sub(r"\\\n\s*", "", self.body)
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield Command(command, output.strip("\n"))

    def shows_output(self) -> bool:
        """Tell whether there is anything to compare."""
        return any(command.output for command in self.commands())


def pages() -> list[Path]:
    """Return the pages whose examples run: the README, CONTRIBUTING and the documentation."""
    written = sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if path.name != "cli.md" and path.parent.name not in ("decisions", "models")
    )
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *written]


def blocks_of(text: str) -> list[Block]:
    """Return the console and Python blocks of a page."""
    return [
        Block(
            match["kind"],
            match["body"],
            text.count("\n", 0, match.start("body")),
            match["note"] or "",
            match["output"],
        )
        for match in _FENCE.finditer(text)
    ]


# --- Comparing ------------------------------------------------------------------------------------


def _lines(text: str) -> list[str]:
    """Return the lines of an output without what may differ."""
    lines = []
    for line in text.splitlines():
        plain = re.sub(r"\u2588+", "\u2588", _TIMES.sub("TIME", line))
        if plain.strip():
            lines.append(" ".join(plain.split()))
    return lines


def _same_line(shown: str, real: str) -> bool:
    if "..." in shown:
        pattern = ".*".join(map(re.escape, shown.split("...")))
        return re.fullmatch(pattern, real) is not None
    if _NUMBER.sub("0", shown) != _NUMBER.sub("0", real):
        return False
    pairs = zip(_NUMBER.findall(shown), _NUMBER.findall(real), strict=True)
    values = [(float(a.replace(",", "")), float(b.replace(",", ""))) for a, b in pairs]
    return all(abs(a - b) <= 0.02 * max(a, b, 1) for a, b in values)


def differences(shown: str, real: str) -> bool:
    """Tell whether an output is another than the one shown.

    Parameters
    ----------
    shown : str
        What the page shows; ``...`` stands for anything.
    real : str
        What was printed.

    Returns
    -------
    bool
        Whether they differ in more than small numbers, times and spaces.
    """
    wanted, lines = _lines(shown), _lines(real)
    reached = {0}
    for line in wanted:
        if line == "...":
            reached = set(range(min(reached), len(lines) + 1))
        else:
            reached = {i + 1 for i in reached if i < len(lines) and _same_line(line, lines[i])}
        if not reached:
            return True
    return len(lines) not in reached


# --- Running --------------------------------------------------------------------------------------


class _Typed:
    """A terminal on which lines are typed: each appears as it is read."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = iter(lines)

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        line = next(self._lines, None)
        if line is None:
            return ""
        print(line, flush=True)
        return f"{line}\n"


@dataclass
class Sandbox:
    """A home folder with a small music library, in which examples run.

    Parameters
    ----------
    home : Path
        The folder; `create` makes one.
    """

    home: Path
    template: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = Path()
    names: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def create(cls, template: Path) -> Sandbox:
        """Make the songs and the library once.

        Parameters
        ----------
        template : Path
            A folder to keep them in.

        Returns
        -------
        Sandbox
            Ready to be `reset`.
        """
        parent = Path("/tmp") if os.name == "posix" else template.parent  # noqa: S108
        while True:
            letters = "".join(random.choices(string.ascii_lowercase, k=4))
            with contextlib.suppress(FileExistsError):
                home = parent / letters
                home.mkdir()
                break
        sandbox = cls(home=home, template=template)
        sandbox._start()
        write_collection(home / "Music")
        (home / "earmark").mkdir()
        (home / "earmark" / "examples").symlink_to(ROOT / "examples")
        (home / "bin").mkdir()
        for name, words in (("earmark", "-m earmark "), ("python", "")):
            script = home / "bin" / name
            script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words}"$@"\n')
            script.chmod(0o755)
        code, printed = sandbox.run("earmark scan ~/Music")
        if code:
            raise RuntimeError(printed)
        shutil.copytree(home, template, symlinks=True)
        return sandbox

    def reset(self) -> None:
        """Bring the home folder back to how it was made."""
        shutil.rmtree(self.home)
        shutil.copytree(self.template, self.home, symlinks=True)
        self._start()

    def remove(self) -> None:
        """Delete the home folder."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _start(self) -> None:
        cache = platformdirs.user_cache_path("earmark")
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "examples")]),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local" / "share"),
            "XDG_CACHE_HOME": str(cache.parent),
            "EARMARK_FEATURE_CACHE": str(self.home / ".cache" / "features.db"),
            "EARMARK_JOBS": "1",
        }
        self.folder = self.home / "earmark"
        self.names = {"__name__": "__main__"}

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """Set the environment and the folder, and take them back after."""
        before, folder = dict(os.environ), Path.cwd()
        for name in list(os.environ):
            if name.startswith("EARMARK_") or name == "COLUMNS":
                del os.environ[name]
        os.environ.update(self.environment)
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)

    def run(self, command: str, typed: Sequence[str] = ()) -> tuple[int, str]:
        """Run a command.

        Parameters
        ----------
        command : str
            As it is typed into a shell.
        typed : sequence of str
            Lines to be typed when it asks.

        Returns
        -------
        exit_code : int
            What it ends with.
        output : str
            What it prints, errors too.
        """
        if command in _STAND_INS:
            parts = [self.run(part) for part in _STAND_INS[command]]
            return max(code for code, _ in parts), "".join(printed for _, printed in parts)
        words = shlex.split(command, comments=True)
        if words[0] == "cd":
            self.folder = (self.folder / os.path.expanduser(self._expanded(words[1])[0])).resolve()
            return 0, ""
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environment[name] = self._expanded(value)[0]
            return 0, ""
        if Path(words[0]).name != "earmark" or _SHELL.search(command.partition("  #")[0]):
            return self._run_shell(command)
        return self._run_earmark(command, typed)

    def _expanded(self, word: str) -> list[str]:
        """Do with a word what a shell does: the home folder, variables, patterns and quotes."""
        with self._inside():
            parts = re.split(r"""(".*?"|'.*?')""", word)
            for i in range(0, len(parts), 2):
                parts[i] = re.sub(
                    r"(^|[:=])~(?=/|$)", rf"\1{self.home}", os.path.expandvars(parts[i])
                )
            plain = not any(re.search(r"[*?]", part) for part in parts[::2])
            parts[1::2] = [part[1:-1] for part in parts[1::2]]
            return ["".join(parts)] if plain else sorted(glob.glob("".join(parts)))

    def _run_shell(self, command: str) -> tuple[int, str]:
        with self._inside():
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                check=False,
            )
        return done.returncode, done.stdout

    def _run_earmark(self, command: str, typed: Sequence[str]) -> tuple[int, str]:
        """Run the program in this process, which saves it half a second."""
        words: list[str] = []
        target = None
        for word in _WORD.findall(re.sub(r"(?:^|\s)#.*", "", command)):
            if words and words[-1] == ">":
                words.pop()
                target = self.folder / self._expanded(word)[0]
            else:
                words += self._expanded(word)
        code: Any = 0
        keep = sys.argv, sys.stdin
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as output,
            self._inside(),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("default")
            sys.argv, sys.stdin = ["earmark", *words[1:]], cast("TextIO", _Typed(typed))
            try:
                with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                    run()
            except SystemExit as end:
                code = end.code or 0
            except Exception:  # noqa: BLE001
                code = 1
                traceback.print_exc(limit=-3, file=output)
            finally:
                sys.argv, sys.stdin = keep
            output.flush()
            output.seek(0)
            printed = output.read()
        if target is not None:
            Path(target).write_text(printed, encoding="utf-8", newline="")
            return int(code), ""
        return int(code), printed

    def run_python(self, code: str) -> str:
        """Run Python code, which sees the names of the code that ran before it in the page.

        Parameters
        ----------
        code : str
            Any number of statements.

        Returns
        -------
        str
            What it prints.
        """
        buffer = io.StringIO()
        with self._inside(), warnings.catch_warnings(), contextlib.redirect_stdout(buffer):
            warnings.simplefilter("default")
            exec(compile(code, "<example>", "exec"), self.names)  # noqa: S102
        return buffer.getvalue()

    def shown(self, printed: str) -> str:
        """Return an output as a page shows it."""
        text = printed.replace(str(self.home), SHOWN_HOME)
        return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


@dataclass(frozen=True)
class Failure:
    """An example that does something else than the page says."""

    block: Block
    command: str
    problem: str
    printed: str

    def __str__(self) -> str:
        return f"line {self.block.line}: {self.command}\n{self.problem}\n{self.printed}"


def _run_console(block: Block, sandbox: Sandbox) -> tuple[str, list[Failure]]:
    """Run the commands of a block; return its body with their outputs, and what failed."""
    body, failures = block.body, []
    compared = block.shows_output()
    commands = list(block.commands())
    for command in commands:
        code, printed = sandbox.run(command.text, block.typed)
        shown = sandbox.shown(printed)
        last = command is commands[-1]
        if code != (block.exit_code if last else 0):
            failures.append(Failure(block, command.text, f"exit code {code}", shown))
        elif compared and differences(command.output, shown):
            failures.append(Failure(block, command.text, "prints something else:", shown))
            start = body.index(f"$ {command.text.split(chr(92))[0].strip()[:40]}")
            old = command.output
            at = body.index(old, start) if old else body.index("\n", start) + 1
            body = f"{body[:at]}{shown}{'' if old or not shown else chr(10)}{body[at + len(old) :]}"
    return body, failures


def _run_python(block: Block, sandbox: Sandbox) -> tuple[str | None, list[Failure]]:
    """Run the code of a block; return what it prints, and what failed."""
    first = block.body.strip().splitlines()[0]
    try:
        printed = sandbox.shown(sandbox.run_python(block.body))
    except Exception:  # noqa: BLE001
        return None, [Failure(block, first, "raises", traceback.format_exc(limit=-2))]
    expected = block.output
    if expected is None:
        comments = re.findall(r"^ *print\(.*\)  # (.*)$", block.body, re.MULTILINE)
        expected = "\n".join(comments) if comments else None
    if expected is not None and differences(expected, printed):
        return printed, [Failure(block, first, "prints something else:", printed)]
    return None, []


def write_outputs(text: str, sandbox: Sandbox) -> tuple[str, list[Failure]]:
    """Run the examples of a page.

    Parameters
    ----------
    text : str
        The page.
    sandbox : Sandbox
        Where to run them; it is reset first.

    Returns
    -------
    page : str
        The page with the outputs as they are.
    failures : list of Failure
        Examples that do something else than the page says.
    """
    sandbox.reset()
    failures: list[Failure] = []
    page = text
    for block in blocks_of(text):
        if block.skipped is not None:
            continue
        if block.kind == "console":
            body, failed = _run_console(block, sandbox)
            page = page.replace(block.body, body, 1)
        else:
            printed, failed = _run_python(block, sandbox)
            if printed is not None and block.output is not None:
                start = page.index(block.body) + len(block.body)
                at = page.index(block.output, start)
                page = page[:at] + printed + "\n" + page[at + len(block.output) :]
        failures += failed
    return page, failures


def main() -> None:
    """Run the examples of the pages named on the command line."""
    parser = argparse.ArgumentParser(description="Run the examples of the documentation.")
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true", help="replace outputs that differ")
    options = parser.parse_args()
    template = Path("/tmp") / f"earmark-docs-{os.getpid()}"  # noqa: S108
    sandbox = Sandbox.create(template)
    failed = False
    try:
        for path in options.pages or pages():
            text = path.read_text(encoding="utf-8")
            page, failures = write_outputs(text, sandbox)
            for failure in failures:
                print(f"{path}, {failure}\n")
            failed = failed or bool(failures)
            if options.write and page != text:
                path.write_text(page, encoding="utf-8")
    finally:
        sandbox.remove()
        shutil.rmtree(template, ignore_errors=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
