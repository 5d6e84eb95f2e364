"""A model card's front matter: YAML between two lines of dashes at the top of README.md.

Source: Hugging Face Hub documentation, Model cards, metadata.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from brightline.release.declaration import Declaration
from brightline.release.declaring import SIZE, Undeclared, read_document

TAGS, DATA = 200, 64 << 10  # tags of a card; characters of its front matter as JSON, and of what aliases repeat in it
_PREFIXED = {
    "license": "license",
    "language": "language",
    "datasets": "dataset",
    "base_model": "base_model",
    "task_categories": "task_categories",
    "task_ids": "task_ids",
    "size_categories": "size_categories",
    "language_creators": "language_creators",
    "multilinguality": "multilinguality",
    "benchmark": "benchmark",
}
_MODALITIES = {
    "text-generation": "text", "text2text-generation": "text", "image-text-to-text": "text", "summarization": "text",
    "translation": "text", "question-answering": "text", "text-to-image": "image", "image-to-image": "image",
    "text-to-video": "video", "image-to-video": "video", "text-to-speech": "speech", "text-to-audio": "audio",
    "any-to-any": "text", "automatic-speech-recognition": "text", "feature-extraction": "embedding",
    "sentence-similarity": "embedding", "text-classification": "classification", "image-classification": "classification",
    "token-classification": "classification", "fill-mask": "text",
}  # fmt: skip


def parse_card(text: str, where: str) -> Declaration | None:
    """What the front matter says; None where there is none. Raises Undeclared."""
    head = _front(text)
    content = _yaml(head, where) if head else None
    if not isinstance(content, dict):
        return None
    own = content.get("brightline")
    said = read_document(own, f"{where} (brightline:)") if isinstance(own, dict) else Declaration()
    return _with_card(said, content, where)


def _front(text: str) -> str:
    """What stands between the two lines of dashes; empty where there are none, or nothing between them.

    Clients pass over a byte order mark and empty lines before it. More than three dashes are Markdown's rule, and words behind them a heading.
    """
    text = text.removeprefix("\ufeff").lstrip()
    begun = text.partition("\n")[0].rstrip() == "---"
    head, found, _ = text[3 : SIZE + 3].partition("\n---") if begun else ("", "", "")
    return head if found and head.strip() else ""


def _yaml(head: str, where: str) -> Any:
    """Safe YAML, in which aliases repeat only so much: clients write a list that is said twice so, but what refers to itself can
    grow without bound. As the Hub reads it (YAML 1.2, section 10.3.2), `no` is Norwegian, and `on` a word.
    """
    import yaml  # noqa: PLC0415 - only cards need it; see start-up time

    class Loader(yaml.SafeLoader):
        left = DATA

        def compose_node(self, parent: Any, index: Any) -> Any:
            repeated = self.check_event(yaml.AliasEvent)
            node: Any = super().compose_node(parent, index)
            if repeated:
                whole = node.end_mark is not None  # else the alias stands within what it repeats
                self.left -= _length(node.value) if whole else DATA
                if self.left <= 0:
                    raise Undeclared(
                        f"{where}: what aliases (*) repeat is too long, or has no end; write the values out"
                    )
            return node

    known = yaml.SafeLoader.yaml_implicit_resolvers.items()
    Loader.yaml_implicit_resolvers = {
        letter: [one for one in some if letter not in "yYnNoO" or one[0] != "tag:yaml.org,2002:bool"]
        for letter, some in known
    }
    if head.count("[") + head.count("{") > 2000:
        raise Undeclared(f"{where}: the front matter is nested too deeply")
    try:
        return yaml.load(head, Loader)  # noqa: S506 - a subclass of SafeLoader
    except Undeclared:
        raise
    except (yaml.YAMLError, RecursionError, ValueError) as trouble:
        raise Undeclared(f"{where}: the front matter is no YAML: {trouble}"[:300]) from None


def _length(value: Any) -> int:
    """Of a node's letters, with everything below it."""
    if isinstance(value, str):
        return len(value) + 1
    return 1 + sum(_length(one if isinstance(one, tuple) else one.value) for one in value)


def _with_card(said: Declaration, content: Mapping[str, Any], where: str) -> Declaration:
    licence = content.get("license")
    named = content.get("license_name") if licence == "other" else licence
    licences = {"weights": str(named), **said.licences} if isinstance(named, str) else dict(said.licences)
    base = content.get("base_model")
    first = base[0] if isinstance(base, list) and base else base
    modality = _MODALITIES.get(str(content.get("pipeline_tag", "")))
    sets = content.get("datasets")
    return replace(
        said,
        licences=licences,
        base_model=said.base_model or (first if isinstance(first, str) else None),
        modalities=said.modalities or ((modality,) if modality else None),
        data_sources=said.data_sources or _names(sets),
        origin=where,
    )


def _names(sets: Any) -> tuple[str, ...]:
    return tuple(str(name)[:200] for name in sets[:1000]) if isinstance(sets, list) else ()


@dataclass(frozen=True, slots=True)
class Card:
    """What lists say and are filtered by: `tags`, and licence, languages, data sets and base as the Hub spells them.

    `data` is the front matter itself, as JSON.
    """

    tags: tuple[str, ...] = ()
    task: str = ""
    library: str = ""
    models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    data: str = "{}"


def read_card(text: str | None) -> Card:
    """An empty one where there is none, or none that can be read."""
    head = _front(text or "")
    try:
        content = _yaml(head, "README.md") if head else None
    except Undeclared:
        return Card()
    if not isinstance(content, dict):
        return Card()
    task, library = ("".join(_words(content.get(key))[:1]) for key in ("pipeline_tag", "library_name"))
    found = [*_words(content.get("tags")), *filter(None, (library, task)), *_words(content.get("language"))]
    for key, prefix in _PREFIXED.items():
        found += [f"{prefix}:{word}" for word in _words(content.get(key))]
    models, datasets = (tuple(_words(content.get(key)))[:TAGS] for key in ("models", "datasets"))
    return Card(tuple(dict.fromkeys(found))[:TAGS], task, library, models, datasets, _written(content))


def card_faults(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What makes the front matter unreadable, and what is only missing: errors and warnings."""
    head = _front(text)
    if not head:
        return (), ("empty or missing yaml metadata in repo card",)
    try:
        content = _yaml(head, "README.md")
    except Undeclared as trouble:
        return (str(trouble),), ()
    if not isinstance(content, dict):
        return ("README.md: the front matter is no mapping",), ()
    lists = [key for key in ("model-index", "datasets", "metrics") if not isinstance(content.get(key, []), (list, str))]
    wrong = [*lists, *(["model-index"] if isinstance(content.get("model-index"), str) else [])]
    return tuple(f"{key!r} is a list" for key in wrong), ()


def _words(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return [word[:100] for word in given if isinstance(word, str) and word and word.isprintable()]


def _written(content: Mapping[Any, Any]) -> str:
    """JSON that anybody can read; what is longer than a card should be, or is no text, is left out."""
    try:
        read = json.loads(json.dumps(content, default=str, skipkeys=True), parse_constant=str)
        text = json.dumps(read, ensure_ascii=False, separators=(",", ":"))
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        return "{}"
    return text if len(text) <= DATA else "{}"
