"""The kinds of thing an AI model is made of."""

from enum import StrEnum


class Component(StrEnum):
    """Every file of a release belongs to exactly one; what cannot be classified counts as weights."""

    SOURCE = "source"  # training code
    SOFTWARE = "software"  # inference code, configuration, tokenizer, guard
    DATA = "data"
    WEIGHTS = "weights"
    DOCUMENTATION = "documentation"  # cards and licences: always open


JUDGED = (Component.SOURCE, Component.SOFTWARE, Component.DATA, Component.WEIGHTS)
"""The four components that a determination speaks about, in the order in which it names them."""
