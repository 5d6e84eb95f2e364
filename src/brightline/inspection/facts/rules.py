"""What can be wrong with what an applicant says, seen against the bytes."""

from brightline.inspection.finding import Rule, Severity

CONTRADICTION = Rule(
    identity="DECLARATION-CONTRADICTION",
    severity=Severity.REVIEW,
    title="Figures contradict one another",
    why="One of them is wrong; until it is known which, both are possible.",
    remedy="Correct the declaration, or the file.",
    example="7B parameters declared, 13B in the weights; tokens and device hours that give two different computes.",
    source="EU GPAI guidelines, annex A.2 (estimates within 30 %)",
)
LICENCE = Rule(
    identity="LICENCE-UNCLEAR",
    severity=Severity.INFO,
    title="A licence that is no SPDX expression",
    why="Nobody can check by machine what it allows.",
    remedy="Declare an SPDX identifier, or a LicenseRef- of your own.",
    example="license: gpl, without a version.",
    source="SPDX specification, annex D; Hugging Face Hub documentation, Licenses",
)
UNREAD = Rule(
    identity="DECLARATION-UNREAD",
    severity=Severity.REVIEW,
    title="The release's own declaration cannot be read",
    why="What it would have said is missing from the determination.",
    remedy="Mend brightline.toml, or the front matter of README.md, as the message says.",
    example="training_tokens = 'lots'",
    source="docs/reference/declaration.md",
)
RULES = (CONTRADICTION, LICENCE, UNREAD)
