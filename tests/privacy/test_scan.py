"""The scanner: planted personal data, and what only looks like it."""

from __future__ import annotations

import time

import pytest

from synthnb.privacy import KINDS, scan, scan_rows, summary

PLANTED = [
    ("email", "Mail ana.b+c@example.co.uk now"),
    ("email", "邮箱是ana@example.com。"),
    ("email", "пишите на анна@пример.рф"),
    ("phone", "Call +49 30 901820"),
    ("phone", "Call (555) 123-4567 today"),
    ("phone", "555-123-4567"),
    ("phone", "tel 06 12 34 56 78"),
    ("phone", "My number is 07911 123456"),
    ("phone", "Phone: 5551234567"),
    ("phone", "电话13800138000"),
    ("phone", "+44 (0)20 7946 0958"),
    ("phone", "00 49 30 123456"),
    ("phone", "00 44 20 794609"),
    ("card", "card 4111 1111 1111 1111"),
    ("card", "5500-0000-0000-0004"),
    ("card", "378282246310005"),
    ("card", "４１１１１１１１１１１１１１１１"),
    ("iban", "DE89 3704 0044 0532 0130 00 please"),
    ("iban", "GB82WEST12345698765432"),
    ("iban", "FR1420041010050500013M02606"),
    ("iban", "de89 3704 0044 0532 0130 00"),
    ("phone", "415-555-2671"),
    ("national_id", "personnummer 811228-9874"),
    ("national_id", "SSN 123-45-6789"),
    ("national_id", "ssn: 123456789"),
    ("national_id", "NHS 943 476 5919"),
    ("national_id", "NHS number 9434765919"),
    ("national_id", "1 85 05 78 006 084 91"),
    ("national_id", "DNI 12345678Z"),
    ("national_id", "RSSMRA85T10A562S"),
    ("national_id", "CPF 111.444.777-35"),
    ("national_id", "PESEL 44051401359"),
    ("national_id", "Steuer-ID 86095742719"),
    ("national_id", "BSN 111222333"),
    ("national_id", "身份证11010519491231002X"),
    ("ip", "from 192.168.1.10"),
    ("ip", "2001:db8::ff00:42:8329"),
    ("url_credentials", "postgres://admin:hunter2@db.example.com/x"),
    ("birth_date", "born 12/03/1984 in Graz"),
    ("birth_date", "DOB: 1984-03-12"),
    ("birth_date", "She was born on March 12, 1984"),
    ("birth_date", "geboren am 12. März 1984"),
    ("birth_date", "出生于1984年3月12日"),
    ("key", "sk-abc123abc123abc123abc123"),
    ("key", "ghp_" + "a1B2" * 9),
    ("key", "AKIAIOSFODNN7EXAMPLE"),
    ("key", "xoxb-1234567890-abcdef"),
    ("key", "-----BEGIN RSA PRIVATE KEY-----"),
    ("secret", "token 9f8A7c6BxQ2zL0pWmN4tY"),
]

CLEAN = [
    "",
    "😀😀",
    "Ana Costa lives in Graz.",
    "4111 1111 1111 1112 fails its check digit",
    "DE89370400440532013001 fails as well",
    "Order 123456789 of 2024-01-02 at 12:30:45",
    "ISBN 978-3-16-148410-0",
    "version 1.2.3, v1.2.3.4, pages 12-15, 1990-2000",
    "pi is 3.14159265358979",
    "the year 2024, about 1,200,000 people",
    "user@localhost",
    "a-very-long-slug-that-is-only-words-after-all",
    "550e8400-e29b-41d4-a716-446655440000",
    "127.0.0.1 and ::1",
    "The meeting is on 12/03/2024",
    "上午9点开门,下午5点关门",
    "5 000-10 000 EUR, 100 000 000 000 in all",
    "serial 0000 0000 0000 0000",
    "811228-9875 fails its check digit",
]


@pytest.mark.parametrize(("kind", "text"), PLANTED)
def test_planted_data_is_found(kind: str, text: str) -> None:
    assert [found.kind for found in scan(text)] == [kind]


@pytest.mark.parametrize("text", CLEAN)
def test_what_only_looks_like_it_is_left(text: str) -> None:
    assert scan(text) == []


def test_finds_are_spans_of_the_text_in_order() -> None:
    text = "Ana, ana@example.com, +49 30 901820"

    assert [text[f.start : f.end] for f in scan(text)] == ["ana@example.com", "+49 30 901820"]
    assert [f.kind for f in scan(text, ["phone"])] == ["phone"]


def test_rows_are_counted_by_column_and_kind() -> None:
    rows = [{"a": "ana@example.com", "b": 4111111111111111}, {"a": ["bo@example.com", None]}]

    found = scan_rows(rows)
    assert found == {"a": {"email": 2}, "b": {"card": 1}}
    assert summary(found["a"]) == "2 e-mail addresses"


def test_every_kind_has_words_for_people() -> None:
    told = summary(dict.fromkeys(KINDS, 2))

    assert "2 e-mail addresses" in told
    assert "2 dates of birth" in told
    assert "2 addresses with a password" in told
    assert summary({}) == ""


@pytest.mark.parametrize(
    "text",
    ["1 " * 30_000, "a@" * 30_000, "+1 " * 20_000, ":" * 50_000, "DE89" + " A" * 30_000,
     "x://" + "a:" * 20_000, "eyJ" + "a" * 50_000, "born " + "1/" * 20_000, "A" * 60_000],
)  # fmt: skip
def test_hostile_texts_cost_little(text: str) -> None:
    began = time.process_time()
    scan(text)
    assert time.process_time() - began < 1


def test_ordinary_rows_cost_microseconds() -> None:
    text = "This kettle boils water in no time and looks great on my kitchen counter. " * 3
    best = 1.0
    for _ in range(5):
        began = time.process_time()
        for _ in range(200):
            scan(text)
        best = min(best, (time.process_time() - began) / 200)
    assert best < 50e-6
