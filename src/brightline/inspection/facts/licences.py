"""Licences as SPDX expressions, from declarations, cards, metadata and the texts themselves.

Source: SPDX licence list; Hugging Face Hub documentation, Licenses (44 of its 82 identifiers are SPDX's, ignoring case).
"""

import re
from functools import cache

# Hub identifiers that are no SPDX identifier, or another one than SPDX's.
_HUB = {
    "bsl-1.0": "BSL-1.0", "llama2": "LicenseRef-llama2", "llama3": "LicenseRef-llama3", "llama3.1": "LicenseRef-llama3.1",
    "llama3.2": "LicenseRef-llama3.2", "llama3.3": "LicenseRef-llama3.3", "llama4": "LicenseRef-llama4", "gemma": "LicenseRef-gemma",
    "openrail": "LicenseRef-openrail", "openrail++": "LicenseRef-openrail-pp", "bigscience-openrail-m": "LicenseRef-bigscience-openrail-m",
    "creativeml-openrail-m": "LicenseRef-creativeml-openrail-m", "bigcode-openrail-m": "LicenseRef-bigcode-openrail-m",
    "bigscience-bloom-rail-1.0": "LicenseRef-bigscience-bloom-rail-1.0", "deepfloyd-if-license": "LicenseRef-deepfloyd-if",
    "openmdw-1.0": "LicenseRef-OpenMDW-1.0", "apple-amlr": "LicenseRef-apple-amlr", "odc-by": "ODC-By-1.0", "odbl": "ODbL-1.0",
    "pddl": "PDDL-1.0", "cdla-permissive-2.0": "CDLA-Permissive-2.0", "intel-research": "LicenseRef-intel-research",
    "gemma terms of use": "LicenseRef-gemma",
}  # fmt: skip
_AMBIGUOUS = frozenset({"gpl", "lgpl", "agpl", "bsd", "cc", "afl", "ecl", "other", "unknown", "c-uda", "etalab"})
_TEXTS = (
    (r"Apache License,?\s+Version 2\.0", "Apache-2.0"),
    (r"Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    (r"Mozilla Public License,? [Vv]ersion 2\.0", "MPL-2.0"),
    (r"Neither the name of .{0,80}nor the names of its\s+contributors", "BSD-3-Clause"),
    (r"Redistribution and use in source and binary forms", "BSD-2-Clause"),
    (r"GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3", "AGPL-3.0-only"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3", "LGPL-3.0-only"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 3", "GPL-3.0-only"),
    (r"Creative Commons Attribution-NonCommercial 4\.0", "CC-BY-NC-4.0"),
    (r"Creative Commons Attribution 4\.0", "CC-BY-4.0"),
    (r"LLAMA 3\.1 COMMUNITY LICENSE|Llama 3\.1 Community License", "LicenseRef-llama3.1"),
    (r"LLAMA 2 COMMUNITY LICENSE", "LicenseRef-llama2"),
    (r"Gemma Terms of Use", "LicenseRef-gemma"),
)
OPEN = frozenset({
    "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "MPL-2.0", "GPL-3.0-only", "GPL-3.0-or-later", "GPL-2.0-only", "LGPL-3.0-only",
    "AGPL-3.0-only", "ISC", "BSL-1.0", "Unlicense", "0BSD", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "ODC-By-1.0", "ODbL-1.0",
    "PDDL-1.0", "CDLA-Permissive-2.0", "CDLA-Permissive-1.0", "LicenseRef-OpenMDW-1.0", "Zlib", "PSF-2.0", "EUPL-1.2", "Artistic-2.0",
})  # fmt: skip
"""OSI, FSF or open-data licences, and OpenMDW-1.0: what the Model Openness Framework counts as open."""


@cache
def spdx(name: str) -> tuple[str, bool]:
    """(SPDX expression, whether it is certain) of a licence as somebody wrote it."""
    plain = name.strip().lower()
    if plain in _HUB:
        return _HUB[plain], True
    if not plain or plain in _AMBIGUOUS:
        return f"LicenseRef-unclear-{re.sub(r'[^A-Za-z0-9.-]+', '-', plain) or 'none'}", False
    for identity in OPEN:
        if identity.lower() == plain:
            return identity, True
    return _by_library(name)


def _by_library(name: str) -> tuple[str, bool]:
    from license_expression import ExpressionError, get_spdx_licensing  # noqa: PLC0415 - heavy: only what is not plain

    try:
        parsed = get_spdx_licensing().parse(name.strip(), validate=True)
    except (ExpressionError, ValueError):
        return f"LicenseRef-unclear-{re.sub(r'[^A-Za-z0-9.-]+', '-', name.strip())[:60]}", False
    return str(parsed), True


def of_text(text: str) -> str | None:
    """The SPDX identifier of a licence's own text; None where it is none of the well-known ones."""
    head = text[:20_000]
    return next((identity for pattern, identity in _TEXTS if re.search(pattern, head, re.DOTALL)), None)


def of_package(metadata: str) -> str | None:
    """The licence that a Python package's METADATA names (core metadata: License-Expression, License, classifiers)."""
    for pattern in (r"^License-Expression: (.+)$", r"^License: ([A-Za-z0-9.+ -]{2,40})$"):
        found = re.search(pattern, metadata[:50_000], re.MULTILINE)
        if found:
            return found[1].strip()
    return "Apache-2.0" if "License :: OSI Approved :: Apache Software License" in metadata[:50_000] else None


def is_open(expression: str) -> bool:
    """Whether every licence that an expression can mean is open: with AND all of them, with OR one of them."""
    choices = re.split(r"\s+OR\s+", expression.strip("() "))
    return any(all(part.strip("() ") in OPEN for part in re.split(r"\s+AND\s+", choice)) for choice in choices)
