"""Loading: what is wrong is said, all of it, with its place; what is right is found again by its digest."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sceau.catalogue import CatalogueError, load_catalogue

SHIPPED = load_catalogue()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the shipped data, without the communes (they are no part of what is checked here)."""
    return Path(shutil.copytree(SHIPPED.folder, tmp_path / "data", ignore=shutil.ignore_patterns("communes")))


def mend(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems_of(data: Path) -> tuple[str, ...]:
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(data)
    return caught.value.problems


def test_the_shipped_catalogue_is_read_once(data: Path) -> None:
    assert load_catalogue() is SHIPPED
    assert load_catalogue(data) is load_catalogue(data)


def test_an_unknown_key_is_refused_with_its_path(data: Path) -> None:
    mend(data / "cards.toml", "[CPS]\n", "[CPS]\ncolour = 1\n")
    assert problems_of(data) == ("cards.toml.CPS.colour: unknown key",)


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("offers.toml", "usage"),
        ("products.toml", "description"),
        ("issuers.toml", "common_name"),
        ("environments.toml", "crl_base"),
        ("cards.toml", "eligible"),
        ("reasons.toml", "who"),
        ("presets.toml", "sentence"),
        ("usages.toml", "label"),
        ("help.toml", "text"),
        ("glossary.toml", "term"),
        ("contacts.toml", "example"),
        ("professions.toml", "mark"),
        ("suffixes.toml", "why"),
        ("calendar.toml", "crl_valid_hours"),
        ("profiles/serv_ssl@1.toml", "key_usage"),
    ],
)
def test_a_missing_key_is_refused_in_every_file(data: Path, file: str, key: str) -> None:
    lines = (data / file).read_text(encoding="utf-8").splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if line.startswith(f"{key} = "))
    end = first + 1
    if lines[first].rstrip().endswith("["):
        end = lines.index("]\n", first) + 1
    (data / file).write_text("".join(lines[:first] + lines[end:]), encoding="utf-8")
    problems = problems_of(data)
    assert any(problem.endswith(f".{key}: missing key") and problem.startswith(file) for problem in problems)


@pytest.mark.parametrize(
    "file",
    [
        *("offers", "products", "issuers", "environments", "cards", "reasons", "presets", "usages"),
        *("help", "glossary", "contacts", "suffixes", "calendar", "departments", "profiles/ps_sign@1"),
    ],
)
def test_every_row_must_name_its_clause(data: Path, file: str) -> None:
    path = data / f"{file}.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.remove(next(line for line in lines if line.startswith("clause = ")))
    path.write_text("".join(lines), encoding="utf-8")
    assert any(problem.endswith("clause: missing key") for problem in problems_of(data))


def test_all_problems_are_said_at_once(data: Path) -> None:
    mend(data / "cards.toml", "eligible = true", 'eligible = "yes"')
    mend(data / "offers.toml", 'how = "form413"', 'how = "by phone"')
    mend(data / "products.toml", 'profile = "serv_ssl@1"', 'profile = "serv_ssl@9"')
    mend(data / "presets.toml", '"ORG_SIGN"]', '"ORG_SEAL"]')
    assert problems_of(data) == (
        "offers.toml.serv-ssl.how: 'by phone' is none of form413, ps-direct",
        "cards.toml.CPS.eligible: bool expected, found str",
        "products.toml.SERV_SSL.profile: 'serv_ssl@9' is not in the catalogue",
        "presets.toml.dmp.products: 'ORG_SEAL' is not in the catalogue",
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("products.toml", 'offer = "serv-ssl"', 'offer = "serv"', "'serv' is not in the catalogue"),
        ("products.toml", 'offer = "serv-ssl"', 'offer = "org"', "doesn't list this product"),
        ("products.toml", 'issuer = "el-org"', 'issuer = "st-org"', "doesn't list this product"),
        ("products.toml", 'slug = "serv-sign"', 'slug = "serv-ssl"', "one slug for two products"),
        ("products.toml", 'scope_family = "host"', 'scope_family = "mail"', "not the one of its offer"),
        ("issuers.toml", 'parent = "root-el"', 'parent = "root"', "'root' is not in the catalogue"),
        ("cards.toml", 'issuer = "fo-pp"', 'issuer = "el-pp"', "doesn't list this card"),
        ("reasons.toml", 'who = ["authority"]', 'who = ["minister"]', "'minister' is none of"),
        ("reasons.toml", 'who = ["authority"]', "who = []", "empty list"),
        ("reasons.toml", "rfc5280 = 6", "rfc5280 = 1", "one RFC 5280 number for two reasons"),
        (
            "environments.toml",
            '"{publication}/PC"',
            '"{base}/PC"',
            "only {publication} may stand in an address",
        ),
        ("environments.toml", 'identifier_mode = "real"', 'identifier_mode = "any"', "'any' is none of"),
        ("environments.toml", "category_offset = 0x80", "category_offset = 1", "0 or 128 expected"),
        ("environments.toml", '"1.2.250.1.213.1.7.2.1.1.1.1"', '"1.2..3"', "is no object identifier"),
        ("environments.toml", '"rsa:3072"', '"rsa:1024"', "'rsa:1024' is no kind of key"),
        ("environments.toml", "[production]", "[live]", "the environment 'production' is missing"),
        ("issuers.toml", 'key = "rsa:4096"', 'key = "dsa:4096"', "'dsa:4096' is no kind of key"),
        (
            "issuers.toml",
            'realm = "persons"',
            'realm = "organisations"',
            "certifies persons, and its issuer doesn't",
        ),
        ("issuers.toml", "years = 20", "years = 99", "1 to 30 expected"),
        ("cards.toml", "ias_type = 0", "ias_type = 9", "0 to 3 expected"),
        ("cards.toml", "eligible = false", "eligible = true", "a card that names nobody can't be eligible"),
        ("reasons.toml", "rfc5280 = 0", "rfc5280 = 7", "no reason of RFC 5280"),
        (
            "calendar.toml",
            "crl_valid_hours = 144",
            "crl_valid_hours = 24",
            "a list must outlive the next one",
        ),
        ("suffixes.toml", '"mssante.fr"', '"MSSante.fr."', "is not in canonical form"),
        ("suffixes.toml", "[public-mail]", "[mail]", "the list 'public-mail' is missing"),
        ("professions.toml", "[10]", "[doctor]", "numeric code"),
        ("usages.toml", '["SERV_SSL"]', '["SERV"]', "'SERV' is not in the catalogue"),
        ("glossary.toml", "number = 2", "number = true", "int expected, found bool"),
        ("help.toml", 'label = "Commune"', 'label = "Commune "', "space at an edge"),
        (
            "offers.toml",
            'products = ["SERV_SSL"]',
            'products = ["SERV_SSL", "SERV_SSL"]',
            "the same text twice",
        ),
    ],
)
def test_what_does_not_hold_together_is_refused(data: Path, file: str, old: str, new: str, said: str) -> None:
    mend(data / file, old, new)
    assert any(said in problem for problem in problems_of(data))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"keyEncipherment"]', '"keyCertSign"]', "'keyCertSign' may not stand in an end entity's profile"),
        ('"1.3.6.1.5.5.7.3.1"', '"1.3.6.1.5.5.7.3.9"', "may not stand in an end entity's profile"),
        ('value = "dns"', 'value = "rfc822"', "a host name can't become it"),
        ('value = "structure"', 'value = "professional"', "not a subject of a server certificate"),
        ('"1.2.250.1.213.1.7.1.1.2.5.1"', '"1.2.250.01"', "is no object identifier"),
        ('mark = "seen"', 'mark = "sure"', "'sure' is none of seen, inferred"),
        ('id = "serv_ssl@1"', 'id = "serv_ssl@2"', "holds the profile 'serv_ssl@2'"),
        ("{ value = 3, ", '{ value = 3, since = "2013", ', "unknown key"),
        ("product_category = { value = 3", "product_category = { value = 0", "3 expected"),
        ("validity_years = { value = 3", "validity_years = { value = 4", "1 to 3 expected"),
        ("organisation_length = { value = 40", "organisation_length = { value = 65", "1 to 64 expected"),
        ("common_name_length = { value = 64", "common_name_length = { value = 65", "1 to 64 expected"),
    ],
)
def test_a_profile_says_only_what_an_end_entity_may_have(data: Path, old: str, new: str, said: str) -> None:
    mend(data / "profiles" / "serv_ssl@1.toml", old, new)
    assert any(said in problem for problem in problems_of(data))


def test_a_second_version_of_a_profile_may_stand_beside_the_first(data: Path) -> None:
    first = (data / "profiles" / "serv_ssl@1.toml").read_text(encoding="utf-8")
    (data / "profiles" / "serv_ssl@2.toml").write_text(
        first.replace("serv_ssl@1", "serv_ssl@2"), encoding="utf-8"
    )
    loaded = load_catalogue(data)
    assert loaded.products["SERV_SSL"].profile == "serv_ssl@1"
    assert "serv_ssl@2" in loaded.profiles


def test_a_file_that_nothing_reads_is_refused(data: Path) -> None:
    (data / "profiles" / "serv_ssl@2.tml").write_text("", encoding="utf-8")
    (data / "extra.toml").write_text("", encoding="utf-8")
    assert problems_of(data) == (
        "extra.toml: a file that nothing reads",
        "profiles/serv_ssl@2.tml: a file that nothing reads",
    )


def test_a_missing_file_and_a_broken_one_are_both_said(data: Path) -> None:
    (data / "cards.toml").unlink()
    (data / "offers.toml").write_text("[org\n", encoding="utf-8")
    (data / "help.toml").write_bytes(b'["a.b"]\nlabel = "\xe9"\n')
    problems = problems_of(data)
    assert "cards.toml: missing file" in problems
    assert any(problem.startswith("offers.toml: ") for problem in problems)
    assert any(problem.startswith("help.toml: ") for problem in problems)


def test_one_code_has_one_text_over_all_files(data: Path) -> None:
    row = '["test.twice"]\nsentence = "Une fois."\nremedy = "Rien."\nclause = "N413 1"\n'
    (data / "findings" / "one.toml").write_text(row, encoding="utf-8")
    (data / "findings" / "two.toml").write_text(row, encoding="utf-8")
    assert problems_of(data) == ("findings/two.toml.test.twice: this code has a text in another file",)


@pytest.mark.parametrize(
    "sentence",
    ["Voir {subject.code}", "Voir {0}", "Voir {subject!r}", "Voir {subject:>9}", "Voir {", "Voir {}"],
)
def test_a_sentence_has_plain_places_only(data: Path, sentence: str) -> None:
    row = f'["test.place"]\nsentence = "{sentence}"\nremedy = "Rien."\nclause = "N413 1"\n'
    (data / "findings" / "place.toml").write_text(row, encoding="utf-8")
    assert problems_of(data)[0].startswith("findings/place.toml.test.place.sentence: ")


def test_the_digest_changes_with_any_byte_and_any_name(data: Path) -> None:
    digests = {load_catalogue(data).digest}
    changes = sorted(path.relative_to(data) for path in data.rglob("*.toml"))
    for index, name in enumerate(changes):
        other = Path(shutil.copytree(data, data.parent / f"copy{index}"))
        with (other / name).open("ab") as file:
            file.write(b"\n")
        digests.add(load_catalogue(other).digest)
    renamed = Path(shutil.copytree(data, data.parent / "renamed"))
    (renamed / "findings" / "card.toml").rename(renamed / "findings" / "cards.toml")
    digests.add(load_catalogue(renamed).digest)
    assert len(digests) == len(changes) + 2
    assert all(len(digest) == 64 for digest in digests)


def test_the_digest_is_the_same_wherever_the_files_lie(data: Path) -> None:
    other = Path(shutil.copytree(data, data.parent / "elsewhere"))
    assert load_catalogue(other).digest == load_catalogue(data).digest
