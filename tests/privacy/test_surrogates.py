"""Surrogates and canaries: nothing real goes out, what was planted is found again."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from synthnb.privacy import Canaries, Surrogates, exposure, scan
from synthnb.privacy.numbers import iban, luhn
from synthnb.privacy.surrogates import local_salt
from tests.privacy.test_scan import PLANTED


@pytest.mark.parametrize(("kind", "text"), PLANTED)
def test_nothing_that_was_planted_is_left(kind: str, text: str) -> None:
    real = [text[f.start : f.end] for f in scan(text)]
    made = Surrogates(b"key").replace(text)

    assert made != text
    assert not any(value in made for value in real)


def test_the_same_value_gets_the_same_surrogate_everywhere() -> None:
    one, two = Surrogates(b"key"), Surrogates(b"key")
    text = "ana@example.com, ANA@example.com; (555) 123-4567 and 555-123-4567"

    made = one.replace(text)
    assert made == two.replace(text)
    first, second = made.split("; ")[0].split(", ")
    assert first == second
    digits = ["".join(filter(str.isdigit, part)) for part in made.split("; ")[1].split(" and ")]
    assert digits[0] == digits[1]
    assert Surrogates(b"other").replace(text) != made


def test_surrogates_are_of_their_type() -> None:
    made = Surrogates(b"key")

    card = made.replace("4111-1111-1111-1111")
    assert luhn(card.replace("-", "")) and card.count("-") == 3
    assert iban(made.replace("DE89 3704 0044 0532 0130 00").replace(" ", ""))
    assert "@example." in made.replace("ana@gmail.com")
    assert made.replace("8.8.8.8").startswith(("192.0.2.", "198.", "203.0.113."))
    assert made.replace("+49 30 901820").startswith("+49 ")
    assert made.replace("DOB: 1984-03-12").startswith("DOB: 19")
    assert made.replace_value({"a": [4111111111111111, 3, None, True]})["a"][1:] == [
        3,
        None,
        True,
    ]


def test_what_comes_back_can_be_restored_here() -> None:
    made = Surrogates(b"key")
    sent = made.replace("Mail ana@example.com about card 4111 1111 1111 1111.")

    assert made.restore(sent) == "Mail ana@example.com about card 4111 1111 1111 1111."
    assert made.counts == {"email": 1, "card": 1}


def test_the_map_stays_here() -> None:
    made = Surrogates(b"key")
    made.replace("ana@example.com")

    assert "ana" not in repr(made)
    with pytest.raises(TypeError, match="stay on this machine"):
        pickle.dumps(made)


def test_many_values_keep_apart() -> None:
    made = Surrogates(b"key")
    sent = {made.replace(f"10.{i // 250}.{i % 250}.7") for i in range(1500)}

    assert len(sent) == 1500


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    salt = local_salt(tmp_path)

    assert len(salt) == 32
    assert local_salt(tmp_path) == salt
    assert (tmp_path / "privacy" / "salt").stat().st_mode & 0o077 == 0


def test_canaries_are_unique_and_found_in_any_case() -> None:
    canaries = Canaries.make(10, rows=50, seed=7)

    assert len(set(canaries.texts)) == len(set(canaries.places)) == 10
    assert canaries == Canaries.make(10, rows=50, seed=7)
    assert canaries.found_in(["nothing", canaries.texts[3].upper()]) == {canaries.texts[3]: [1]}
    assert "up to 30% of rows like them" in canaries.verdict(["nothing"])
    assert "1 of 10 canaries came out" in canaries.verdict([canaries.texts[0]])
    assert len(Canaries.make(10, rows=3).texts) == 3
    assert Canaries.make(3, rows=0).found_in(["x"]) == {}


def test_exposure_of_the_first_of_a_million() -> None:
    assert round(exposure(1, 1_000_000), 2) == 19.93
    assert exposure(8, 8) == 0
    with pytest.raises(ValueError, match="rank"):
        exposure(0, 8)
