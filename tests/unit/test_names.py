"""Names read once: hosts, mailboxes, applications, and the suffixes under which nobody or everybody is."""

from __future__ import annotations

import idna
import pytest

from sceau.vocabulary import (
    ApplicationName,
    HostName,
    Mailbox,
    Reading,
    displayed,
    is_public_suffix,
    public_suffix,
    read_application_name,
    read_declared_host_name,
    read_host_name,
    read_mailbox,
    registrable_name,
    special_use,
)


def codes(reading: Reading[HostName] | Reading[Mailbox] | Reading[ApplicationName]) -> set[str]:
    return {finding.code for finding in reading.findings}


def details(reading: Reading[HostName], code: str) -> dict[str, str]:
    return next(dict(finding.details) for finding in reading.findings if finding.code == code)


def test_a_host_name_is_lower_case_without_its_final_dot() -> None:
    assert read_host_name("WWW.Mon-Domaine.FR.").require().text == "www.mon-domaine.fr"


def test_a_host_name_knows_its_labels() -> None:
    assert HostName("a.b.fr").labels == ("a", "b", "fr")


def test_f28_a_name_lies_under_itself_and_its_parents_by_whole_labels() -> None:
    name = HostName("www.mon-domaine.fr")
    assert name.lies_under(name)
    assert name.lies_under(HostName("mon-domaine.fr"))
    assert not name.lies_under(HostName("domaine.fr"))
    assert not HostName("mon-domaine.fr").lies_under(name)


@pytest.mark.parametrize(
    "text",
    ["", "fr", "A.fr", "a.fr.", "-a.fr", "a-.fr", "a..fr", "a_b.fr", "é.fr", "a.fr\n", f"{'a' * 64}.fr"],
)
def test_a_host_name_cannot_be_made_by_hand_from_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        HostName(text)


@pytest.mark.parametrize("local", ["", "a b", "a@b", ".a", '"a"', "é", "a" * 65])
def test_a_mailbox_cannot_be_made_by_hand_from_what_is_none(local: str) -> None:
    with pytest.raises(ValueError, match="local part"):
        Mailbox(local, HostName("a.fr"))


def test_an_application_name_cannot_be_made_by_hand_from_what_is_none() -> None:
    with pytest.raises(ValueError, match="application"):
        ApplicationName("a@b")


def test_every_finding_about_a_name_is_told_at_once() -> None:
    assert codes(read_host_name("*. mon_domaine.fr\n")) == {
        "host.wildcard",
        "host.space",
        "host.underscore",
        "host.control",
    }


def test_the_a_label_to_ask_for_is_told_to_whoever_writes_the_u_label() -> None:
    reading = read_host_name("www.hôpital.fr")
    assert details(reading, "host.u-label")["a_label"] == "www.xn--hpital-ixa.fr"


def test_a_kelvin_sign_is_named_and_never_folded() -> None:
    reading = read_host_name("\u212aiosque.fr")
    assert details(reading, "host.not-ascii")["characters"] == "U+212A KELVIN SIGN"


def test_a_declared_u_label_becomes_its_a_label_and_it_is_said() -> None:
    reading = read_declared_host_name("Hôpital.FR.")
    assert reading.require().text == "xn--hpital-ixa.fr"
    assert codes(reading) == {"host.a-label"}


def test_a_declared_name_that_grows_too_long_as_a_labels_is_refused() -> None:
    longer = ".".join(["éàzèùyçôxâêwîûvëïu"] * 9 + ["fr"])
    assert len(longer) < 253
    assert codes(read_declared_host_name(longer)) == {"host.too-long"}


def test_an_a_label_that_hides_a_joiner_is_refused() -> None:
    hidden = idna.alabel("نامه\u200cای").decode()
    assert codes(read_host_name(f"{hidden}.mon-domaine.fr")) == {"host.bad-a-label"}


def test_one_alphabet_is_no_mixture_and_the_japanese_ones_are_one() -> None:
    assert codes(read_host_name("xn--hpital-ixa.mon-domaine.fr")) == set()
    assert codes(read_host_name("xn--80ak6aa92e.mon-domaine.fr")) == set()
    assert codes(read_declared_host_name("日本語テスト.jp")) == {"host.a-label", "host.foreign-script"}


def test_half_a_comment_is_one_and_forbidden_signs_are_named() -> None:
    assert codes(read_mailbox("x(@mon-domaine.fr")) == {"mailbox.comment"}
    reading = read_mailbox("a,b;c.d@mon-domaine.fr")
    assert dict(reading.findings[0].details)["characters"] == ", ;"


def test_the_subject_may_be_the_path_of_a_field() -> None:
    reading = read_host_name("a_b.fr", subject="offers.0.declared")
    assert {finding.subject for finding in reading.findings} == {"offers.0.declared"}


def test_a_name_of_253_characters_is_read_and_of_254_refused() -> None:
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert len(longest) == 253
    assert read_host_name(longest).require().text == longest
    assert codes(read_host_name("a" + longest[1:-1] + "aa")) == {"host.too-long"}


def test_an_endless_name_is_refused_without_being_looked_into() -> None:
    assert codes(read_host_name("a." * 1_000_000)) == {"host.too-long"}
    assert codes(read_mailbox("a." * 1_000_000)) == {"mailbox.too-long"}


def test_the_local_part_of_a_mailbox_keeps_its_case_and_its_domain_loses_it() -> None:
    assert read_mailbox("Prenom.NOM@Mon-Domaine.FR").require().text == "Prenom.NOM@mon-domaine.fr"


def test_a_mailbox_of_254_characters_is_read_and_of_255_refused() -> None:
    domain = ".".join(["a" * 63] * 2 + ["a" * 61])  # 189
    local = "b" * 64
    assert len(read_mailbox(f"{local}@{domain}").require().text) == 254
    assert codes(read_mailbox(f"{local}@{domain}a")) == {"mailbox.too-long"}


def test_both_halves_of_a_mailbox_are_told() -> None:
    assert codes(read_mailbox("a..b@mon_domaine.fr")) == {"mailbox.dots", "host.underscore"}


def test_the_imposed_names_of_insi_are_exact_and_what_looks_like_them_is_warned() -> None:
    assert codes(read_application_name("INSI-AUTO")) == set()
    assert codes(read_application_name("INSI-AUT0")) == {"application.look-alike"}


@pytest.mark.parametrize(
    ("name", "suffix", "registered"),
    [
        ("www.mon-domaine.fr", "fr", "mon-domaine.fr"),
        ("www.chu.asso.fr", "asso.fr", "chu.asso.fr"),
        ("asso.fr", "asso.fr", None),
        ("x.github.io", "github.io", "x.github.io"),
        ("www.xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g", None, None),
        ("a.lan", None, None),
    ],
)
def test_the_registered_name_is_one_label_under_a_public_suffix(
    name: str, suffix: str | None, registered: str | None
) -> None:
    host = HostName(name)
    assert public_suffix(host) == suffix
    found = registrable_name(host)
    assert (None if found is None else found.text) == registered
    assert is_public_suffix(host) == (suffix == name)


def test_special_use_is_of_whole_labels() -> None:
    assert special_use(HostName("a.b.local")) == "local"
    assert special_use(HostName("www.example.com")) == "example.com"
    assert special_use(HostName("myexample.com")) is None
    assert special_use(HostName("local.fr")) is None


def test_what_is_displayed_hides_no_trap() -> None:
    assert displayed("a\x00b\u202ec\ud800") == "a\\u0000b\\u202ec\\ud800"
    assert displayed("") == "(vide)"
    assert len(displayed("a" * 1_000)) == 101
