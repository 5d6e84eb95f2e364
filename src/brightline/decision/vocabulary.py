"""The facts a line can speak of: their unit, what they mean, and what an applicant can do where one is missing."""

from dataclasses import dataclass

from brightline.decision.units import Unit


@dataclass(frozen=True, slots=True)
class Term:
    """One fact. `unit` is None for a categorical one: its value is a word. `settle` completes "to settle it, ..."."""

    name: str
    unit: Unit | None
    meaning: str
    settle: str


def _quantity(name: str, unit: str, meaning: str, settle: str) -> Term:
    return Term(name, Unit.parse(unit), meaning, settle)


def _category(name: str, meaning: str, settle: str) -> Term:
    return Term(name, None, meaning, settle)


_TERMS = (
    _quantity(
        "training_compute",
        "FLOP",
        "operations of all training, cumulative, with every model it was made from",
        "declare the training tokens, or the device hours with peak and utilisation, or the compute itself, under [training] in brightline.toml",
    ),
    _quantity(
        "parameters",
        "parameter",
        "elements of the weights in the release",
        "put complete, readable weights into the release",
    ),
    _quantity(
        "active_parameters",
        "parameter",
        "elements that one token passes through (all of them, unless experts are routed)",
        "put the configuration that names the experts into the release, or declare active_parameters",
    ),
    _quantity("training_tokens", "token", "tokens seen in training, epochs counted", "declare the training tokens"),
    _quantity(
        "context_length", "token", "tokens the model can attend to", "put the model's configuration into the release"
    ),
    _quantity(
        "developer_revenue",
        "USD",
        "gross revenue of the developer with affiliates in the preceding calendar year",
        "declare the developer's revenue",
    ),
    _quantity("training_cost", "USD", "cost of the training compute at market prices", "declare the training cost"),
    _quantity(
        "finetune_compute",
        "FLOP",
        "operations of this modification alone",
        "declare the compute of this modification (0 if the release modifies no other model)",
    ),
    _quantity(
        "finetune_cost",
        "USD",
        "cost of this modification's compute",
        "declare the cost of this modification (0 if the release modifies no other model)",
    ),
    _quantity("base_compute", "FLOP", "operations of the base model's training", "declare the base model's compute"),
    _quantity(
        "eu_business_users",
        "person",
        "registered business users in the Union",
        "declare the business users in the Union",
    ),
    _quantity("data_rows", "item", "rows of the data in the release", "put complete, readable data into the release"),
    _category("modality", "what the model generates", "declare the modalities that the model generates"),
    _category("licence", "the licence of the weights, an SPDX expression", "declare the licence of the weights"),
    _category("architecture", "the model's architecture", "put the model's configuration into the release"),
    _category(
        "openness_class", "class of the Model Openness Framework", "complete the components that the class asks for"
    ),
)

VOCABULARY = {term.name: term for term in _TERMS}
