"""Signed tree heads: signed notes that other tools read, and nothing else passes."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sceau.journal import HeadVerifier, TreeHead, read_head, read_verifier, sign_head, split_notes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "sceau.example/journal"
VERIFIER = HeadVerifier.of(ORIGIN, KEY)
HEAD = TreeHead(ORIGIN, 12, bytes(32))
NOTE = sign_head(HEAD, KEY)


def test_a_head_is_a_checkpoint_in_a_signed_note() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "12", base64.b64encode(bytes(32)).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert lines[5:] == [""]
    blob = base64.b64decode(lines[4].split(" ")[2])
    assert blob[:4] == VERIFIER.key_id
    KEY.public_key().verify(blob[4:], HEAD.text.encode())


def test_the_verifier_of_the_signed_note_specification_is_read() -> None:
    """The example key of golang.org/x/mod/sumdb/note, written by other hands than ours."""
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    verifier = read_verifier(text + "\n").require()
    assert verifier.name == "PeterNeumann"
    assert verifier.text == text


def test_a_note_signed_by_others_in_the_same_manner_verifies() -> None:
    """The signature in the same package's documentation verifies alike (its text is no checkpoint)."""
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    verifier = read_verifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").require()
    blob = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    assert blob[:4] == verifier.key_id
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    Ed25519PublicKey.from_public_bytes(verifier.public).verify(blob[4:], text.encode())


def test_a_signed_head_is_read_back() -> None:
    assert read_head(NOTE, [VERIFIER]).require() == HEAD


def test_the_signatures_of_witnesses_are_left_in_place() -> None:
    witness = f"— witness.example {base64.b64encode(b'0123' + bytes(72)).decode()}\n"
    assert read_head(NOTE + witness, [VERIFIER]).require() == HEAD
    first, last = NOTE.split("\n\n")
    assert read_head(f"{first}\n\n{witness}{last}", [VERIFIER]).require() == HEAD


@pytest.mark.parametrize(
    "note",
    [
        NOTE.replace("\n12\n", "\n13\n"),
        NOTE.replace("AAAA", "AAAB", 1),
        NOTE.replace("— sceau.example", "— autre.example"),
        NOTE[:-6] + "\n",
        sign_head(HEAD, OTHER),
        sign_head(TreeHead("autre.example/journal", 12, bytes(32)), KEY),
    ],
)
def test_a_head_that_the_key_did_not_sign_is_refused(note: str) -> None:
    codes = [finding.code for finding in read_head(note, [VERIFIER]).findings]
    assert codes == ["journal.head-signature"]


@pytest.mark.parametrize(
    "note",
    [
        "",
        "x",
        "\n\n",
        NOTE.replace("\n12\n", "\n-1\n"),
        NOTE.replace("\n12\n", "\n012\n"),
        NOTE.replace("\n12\n", "\n٣\n"),
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("AAAA", "A*AA", 1),
        NOTE.replace("AAAA", "", 1),
    ],
)
def test_what_is_no_head_is_said_to_be_none(note: str) -> None:
    codes = [finding.code for finding in read_head(note, [VERIFIER]).findings]
    assert codes == ["journal.head-unreadable"]


def test_nobody_vouches_when_there_is_no_key() -> None:
    assert read_head(NOTE, []).value is None


@pytest.mark.parametrize("size", [-1])
def test_a_head_of_an_impossible_size_cannot_be_made(size: int) -> None:
    with pytest.raises(ValueError, match="tree head"):
        TreeHead(ORIGIN, size, bytes(32))


def test_an_origin_that_could_forge_a_line_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="tree head"):
        TreeHead("a\nb", 1, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b+c",
        VERIFIER.text[:-4],
        VERIFIER.text.replace("+", "-", 1),
        "x" + VERIFIER.text,
        "a+00000000+AA==",
    ],
)
def test_a_damaged_public_key_is_refused(text: str) -> None:
    assert [finding.code for finding in read_verifier(text).findings] == ["journal.key-unreadable"]


def test_a_public_key_comes_back_as_it_was_published() -> None:
    assert read_verifier(VERIFIER.text).require() == VERIFIER


@pytest.mark.parametrize("between", ["", "\n", "\n\n\n"])
def test_a_file_of_heads_is_split_into_its_notes(between: str) -> None:
    notes = [sign_head(TreeHead(ORIGIN, size, bytes(32)), KEY) for size in (1, 2, 3)]
    read = [read_head(note, [VERIFIER]).require().size for note in split_notes(between.join(notes))]
    assert read == [1, 2, 3]


def test_a_file_cut_in_the_middle_of_a_head_shows_it() -> None:
    notes = list(split_notes(NOTE + "\n" + NOTE[:40]))
    assert [read_head(note, [VERIFIER]).value is None for note in notes] == [False, True]


def test_an_empty_file_holds_no_head() -> None:
    assert list(split_notes("\n\n")) == []
