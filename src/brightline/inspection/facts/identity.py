"""What kind of model it is: names that the files give, each certain or one of several."""

from collections.abc import Mapping, Sequence

from brightline.inspection.facts.licences import spdx
from brightline.inspection.report import FileReport
from brightline.release.component import Component
from brightline.release.declaration import Declaration
from brightline.release.quantity import Fact, Interval, Provenance

_TEXT_FAMILIES = ("llama", "mistral", "mixtral", "qwen", "gemma", "phi", "gpt", "falcon", "mamba", "rwkv", "bloom", "opt", "olmo", "granite", "deepseek", "starcoder", "stablelm", "smollm", "command", "cohere", "internlm", "exaone", "nemotron", "glm", "minicpm", "kimi", "jamba", "dbrx", "grok", "baichuan", "yi", "mpt")  # fmt: skip
_ENDINGS = {"ForCausalLM": "text", "ForConditionalGeneration": "text", "LMHeadModel": "text", "ForSequenceClassification": "classification", "ForImageClassification": "classification", "ForMaskedLM": "text"}  # fmt: skip


def facts(files: Sequence[FileReport], components: Mapping[str, Component], declared: Declaration) -> dict[str, Fact]:
    """architecture, quantisation, base_model, dtype, modality, licences, context_length."""
    found: dict[str, Fact] = {}
    for name in ("architecture", "quantisation", "base_model"):
        values = _values(files, name)
        if values:
            found[name] = Fact(name, values, "", Provenance.MEASURED, "named in the files")
    if declared.base_model is not None and "base_model" not in found:
        found["base_model"] = Fact("base_model", (declared.base_model,), "", Provenance.DECLARED, declared.origin)
    found |= _modality(found.get("architecture"), declared) | _context(files) | _licences(files, components, declared)
    return found


def _values(files: Sequence[FileReport], name: str) -> tuple[str, ...]:
    return tuple(sorted({file.observed.attributes[name] for file in files if name in file.observed.attributes}))


def _modality(architecture: Fact | None, declared: Declaration) -> dict[str, Fact]:
    """What it generates, each certainly: as declared, else as the architecture tells."""
    if declared.modalities is not None:
        return {"modality": Fact("modality", declared.modalities, "", Provenance.DECLARED, declared.origin)}
    names = architecture.value if architecture is not None and not isinstance(architecture.value, Interval) else ()
    told = {_of_architecture(name) for name in names}
    if len(told) == 1 and (only := told.pop()) is not None:
        return {"modality": Fact("modality", (only,), "", Provenance.MEASURED, f"the architecture is {names[0]}")}
    return {}


def _of_architecture(name: str) -> str | None:
    for ending, modality in _ENDINGS.items():
        if name.endswith(ending):
            return modality
    return "text" if name.lower().startswith(_TEXT_FAMILIES) else None


def _context(files: Sequence[FileReport]) -> dict[str, Fact]:
    lengths = {file.observed.numbers["context_length"] for file in files if "context_length" in file.observed.numbers}
    if not lengths:
        return {}
    interval = Interval(min(lengths), max(lengths))
    return {"context_length": Fact("context_length", interval, "token", Provenance.MEASURED, "named in the files")}


def _licences(
    files: Sequence[FileReport], components: Mapping[str, Component], declared: Declaration
) -> dict[str, Fact]:
    """`licence` is that of the weights; other components have facts of their own name where one was declared."""
    found: dict[str, Fact] = {}
    for component, name in declared.licences.items():
        key = "licence" if component == Component.WEIGHTS else f"licence_{component}"
        found[key] = Fact(key, (spdx(name)[0],), "", Provenance.DECLARED, declared.origin)
    named = {file.observed.attributes["licence"] for file in files if "licence" in file.observed.attributes}
    own = {
        file.observed.attributes["licence"]
        for file in files
        if components[file.path] is Component.WEIGHTS and "licence" in file.observed.attributes
    }
    values = tuple(sorted({spdx(name)[0] for name in own or named}))
    if values and "licence" not in found:
        found["licence"] = Fact("licence", values, "", Provenance.MEASURED, "named in the files")
    return found
