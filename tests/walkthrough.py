"""Pages that can be run: the shell blocks of a page, each with the exit code and the output that the page shows."""

import re
from dataclasses import dataclass

FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Step:
    """A block of commands. `shown` are the lines that its output must hold, in any place; `…` is anything."""

    commands: str
    code: int = 0
    terminal: int = 1
    shown: tuple[str, ...] = ()

    def missing(self, output: str) -> list[str]:
        return [line for line in self.shown if not re.search(pattern(line), output, re.MULTILINE)]


def pattern(line: str) -> str:
    return "^" + ".+".join(map(re.escape, line.split("…"))) + "$"


def read_steps(page: str) -> list[Step]:
    steps: list[Step] = []
    for language, options, content in FENCE.findall(page):
        given = dict(option.split("=") for option in options.split())
        if language == "sh":
            steps.append(Step(content, int(given.get("exit", 0)), int(given.get("terminal", 1))))
        elif language == "text":
            steps[-1].shown = tuple(content.splitlines())
    return steps
