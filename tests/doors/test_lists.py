"""Lists as stock clients ask for them, over a real server; what strangers are told, and what not."""

import httpx
import pytest
from tests.doors.conftest import client, decide_all

CARD = b"---\nlicense: mit\npipeline_tag: %b\ntags: [%b]\n---\n"


@pytest.fixture(scope="module")
def acme(office, address):
    return client(address, office, "acme")


@pytest.fixture(scope="module")
def nobody(office, address):
    return client(address, office, None)


def push(acme, repo, card, kind="model"):
    acme.create_repo(repo, repo_type=kind, space_sdk="static" if kind == "space" else None, exist_ok=True)
    acme.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=repo, repo_type=kind)


@pytest.fixture(scope="module")
def seven(acme, office):
    names = [f"acme/seven-{number}" for number in range(7)]
    for number, name in enumerate(names):
        push(acme, name, CARD % (b"fill-mask" if number % 2 else b"translation", b"seven"))
    decide_all(office)
    return names


def names(found) -> list[str]:
    return [one.id for one in found]


def test_strangers_are_told_nothing_of_a_card_that_is_undecided(acme, nobody, office) -> None:
    push(acme, "acme/telling", CARD % (b"fill-mask", b"first"))
    decide_all(office)
    push(acme, "acme/telling", CARD % (b"fill-mask", b"secret"))
    assert names(nobody.list_models(filter="first")) == ["acme/telling"]
    assert not names(nobody.list_models(filter="secret"))
    assert nobody.model_info("acme/telling").tags == ["first", "fill-mask", "license:mit"]
    assert names(acme.list_models(filter="secret")) == ["acme/telling"]
    assert "secret" in acme.model_info("acme/telling").tags
    assert "secret" not in {one["id"] for rows in nobody.get_model_tags().values() for one in rows}
    decide_all(office)
    assert names(nobody.list_models(filter="secret")) == ["acme/telling"]


def test_pages_follow_each_other_and_show_nothing_twice(seven, nobody, address) -> None:
    for sort in ("last_modified", "created_at", "downloads", "likes"):
        found, url = (
            [],
            f"{address}/api/models?search=seven&limit=2&sort={ {'last_modified': 'lastModified', 'created_at': 'createdAt'}.get(sort, sort) }",
        )
        while url:
            answer = httpx.get(url)
            found += [one["id"] for one in answer.json()]
            url = answer.links.get("next", {}).get("url")
        assert sorted(found) == seven
        assert names(nobody.list_models(search="seven", sort=sort, limit=5)) == found[:5]


def test_a_cursor_that_is_none_of_ours_is_refused(seven, address) -> None:
    given = httpx.get(f"{address}/api/models?search=seven&limit=2").links["next"]["url"]
    for url in (f"{address}/api/models?cursor=nonsense", f"{address}/api/models?cursor=W10", f"{given}&sort=downloads"):
        assert httpx.get(url).status_code == 400, url


def test_models_are_filtered_as_clients_ask(seven, acme, nobody) -> None:
    assert len(names(nobody.list_models(pipeline_tag="fill-mask", search="seven"))) == 3
    assert len(names(nobody.list_models(filter=["SEVEN", "license:mit"], author="acme"))) == 7
    assert not names(nobody.list_models(search="seven", gated=True))
    assert len(names(nobody.list_models(search="SEVEN acme", gated=False))) == 7
    assert len(names(nobody.list_models(search="seven", author="Acme"))) == 7
    assert not names(nobody.list_models(author="Acm"))
    (one,) = nobody.list_models(search="seven-3", expand=["cardData", "tags", "gguf"])
    assert (one.card_data["license"], one.tags, one.downloads) == ("mit", ["seven", "fill-mask", "license:mit"], None)
    tags = nobody.get_model_tags()
    assert {"fill-mask", "translation"} <= {row["id"] for row in tags["pipeline_tag"]}
    assert "license:mit" in {row["id"] for row in tags["license"]}


def test_spaces_are_found_by_what_they_use(acme, nobody, office) -> None:
    push(acme, "acme/using", b"---\nmodels: [acme/seven-1]\ndatasets: [acme/rows]\n---\n", "space")
    push(acme, "acme/alone", b"# alone\n", "space")
    decide_all(office)
    assert names(nobody.list_spaces(linked=True)) == names(nobody.list_spaces(models="acme/seven-1")) == ["acme/using"]
    assert not names(nobody.list_spaces(datasets="acme/other"))
    assert names(nobody.list_spaces(datasets="acme/rows", search="us", sort="created_at")) == ["acme/using"]
    assert nobody.get_dataset_tags() == {}


def test_a_large_tree_comes_in_pages_that_clients_follow(acme, nobody, office, address) -> None:
    from huggingface_hub import CommitOperationAdd

    acme.create_repo("acme/wide")
    paths = [f"{number % 3}/{number}.txt" for number in range(1_200)]
    acme.create_commit("acme/wide", [CommitOperationAdd(path, path.encode()) for path in paths], commit_message="many")
    decide_all(office)
    for _ in range(2):
        rows = list(nobody.list_repo_tree("acme/wide", recursive=True))
        assert sorted(row.path for row in rows) == sorted([*paths, ".gitattributes", "0", "1", "2"])
    first = httpx.get(f"{address}/api/models/acme/wide/tree/main?recursive=true")
    assert (len(first.json()), len(httpx.get(first.links["next"]["url"]).json())) == (1_000, 204)
    assert httpx.get(f"{address}/api/models/acme/wide/tree/main?cursor=nothing").status_code == 400


@pytest.mark.parametrize("folder", ["data/train", "日本", "d #?%20+é"])
@pytest.mark.parametrize("branch", ["main", "dev/x"])
def test_the_pages_of_a_folder_follow_each_other_however_it_is_called(acme, folder: str, branch: str) -> None:
    from huggingface_hub import CommitOperationAdd

    acme.create_repo("acme/deep", exist_ok=True)
    acme.create_branch("acme/deep", branch=branch, exist_ok=True)
    paths = [f"{folder}/{number} #%20é.txt" for number in range(1_001)]
    operations = [CommitOperationAdd(path, path.encode()) for path in paths]
    acme.create_commit("acme/deep", operations, commit_message="many", revision=branch)
    assert sorted(row.path for row in acme.list_repo_tree("acme/deep", folder, revision=branch)) == sorted(paths)
