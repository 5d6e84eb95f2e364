"""What can be wrong with a pickle."""

from brightline.inspection.finding import Rule, Severity

_REMEDY = "Save the weights as safetensors, or rebuild the file from a source you trust without the offending object."


def _rule(name: str, severity: Severity, title: str, why: str, example: str, source: str) -> Rule:
    return Rule(f"PICKLE-{name}", severity, title, why, _REMEDY, example, source)


CALL = _rule(
    "CALL",
    Severity.BLOCK,
    "A dangerous name is imported",
    "Unpickling imports it, and calls it with arguments of the file's choosing: code of the author's choice runs.",
    "cos\\nsystem\\n(S'echo'\\ntR.",
    "Python documentation, pickle; MITRE ATLAS AML.T0018; CVE-2025-1716",
)
UNKNOWN = _rule(
    "UNKNOWN",
    Severity.REVIEW,
    "An unknown name is imported",
    "It is on no list: it may be a harmless class, or a function that runs a command.",
    "cmypackage.models\\nNet\\n",
    "picklescan issue 66: denylists are bypassable",
)
HIDDEN = _rule(
    "HIDDEN",
    Severity.BLOCK,
    "An import whose name is computed",
    "The name cannot be read from the file: it is built to be missed.",
    "STACK_GLOBAL on values that are no strings",
    "fickling, OvertlyBadEvals; protocol 4, PEP 3154",
)
COMPUTED = _rule(
    "COMPUTED",
    Severity.BLOCK,
    "A computed value is called",
    "What is called is the result of another call: no allowlist can know it.",
    "REDUCE on the result of a REDUCE",
    "Slaviero, Sour Pickles, BlackHat 2011",
)
BUILD = _rule(
    "BUILD",
    Severity.BLOCK,
    "Attributes are set on a class, a function or by a special name",
    "Setting special attributes turns an allowed class into a caller of anything.",
    "BUILD with {'__setstate__': ...}",
    "Python documentation, pickle, object.__setstate__",
)
EXTENSION = _rule(
    "EXTENSION",
    Severity.BLOCK,
    "An extension code stands for a name",
    "The name lies in a registry of the loading program, not in the file: it cannot be judged.",
    "EXT1 with code 1",
    "PEP 307, extension registry",
)
PERSISTENT = _rule(
    "PERSISTENT",
    Severity.REVIEW,
    "An object is to be fetched by the loading program",
    "What a persistent id means is decided by whoever loads the file.",
    "BINPERSID outside a PyTorch checkpoint",
    "Python documentation, pickle, persistence of external objects",
)
BOMB = _rule(
    "BOMB",
    Severity.BLOCK,
    "A value that grows without bound",
    "A few bytes describe a value of astronomical size: whatever touches it never ends.",
    "One hundred times DUP, TUPLE2",
    "billion laughs; CWE-776",
)
WORK = _rule(
    "WORK",
    Severity.BLOCK,
    "Too many operations to follow",
    "What was not followed to its end was not judged.",
    "A pickle of more than four million opcodes",
    "HOUSE law 6",
)
BROKEN = _rule(
    "BROKEN",
    Severity.BLOCK,
    "The stream breaks",
    "What stands before the break has already run when a loader notices; strict scanners report nothing.",
    "A payload, then an invalid opcode",
    "modelscan issue 354; ReversingLabs, nullifAI, February 2025",
)
TRAILING = _rule(
    "TRAILING",
    Severity.REVIEW,
    "Bytes behind the end of the pickle",
    "A loader that reads again runs them; nothing says what they are.",
    "STOP, then 100 bytes",
    "Python documentation, pickle: load reads one object at a time",
)
SECOND = _rule(
    "SECOND",
    Severity.INFO,
    "Several pickles in one file",
    "Scanners that stop at the first miss the others; all were followed here.",
    "Two dumps into one file",
    "Python documentation, pickle: load reads one object at a time",
)
RULES = (CALL, UNKNOWN, HIDDEN, COMPUTED, BUILD, EXTENSION, PERSISTENT, BOMB, WORK, BROKEN, TRAILING, SECOND)
