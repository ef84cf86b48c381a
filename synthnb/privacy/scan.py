"""The scanner: what in a text has the shape of personal data or of a secret, and where.

A find is a shape that passed its check: check digits, ranges, a word that names it nearby.
Names of people and places in free text have no shape and are not found.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from synthnb.privacy.numbers import NATIONAL, iban, luhn
from synthnb.types import JSON

__all__ = ["KINDS", "LIMITS", "Finding", "label_of", "scan", "scan_rows", "summary"]

KINDS: Mapping[str, str] = {
    "url_credentials": "address with a password",
    "key": "key or token",
    "email": "e-mail address",
    "iban": "bank account (IBAN)",
    "card": "payment card",
    "national_id": "national number",
    "birth_date": "date of birth",
    "ip": "IP address",
    "phone": "phone number",
    "secret": "random-looking secret",
}
"""What is looked for, in the order of who wins where two overlap."""

LIMITS = "names of people and places in free text are not found"
"""What every report of the scanner has to say."""


class Finding(NamedTuple):
    """One find, as a span of the text. The text itself is the caller's to show or not."""

    kind: str
    start: int
    end: int
    what: str = ""
    """Which of a kind: ``us ssn``."""


_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES = re.compile(r"[ .\-/]")
_NUMBER_WORDS = (
    *("ssn", "social security", "nhs", "bsn", "burgerservice", "pesel", "steuer", "tax id"),
    *("aadhaar", "personnummer", "national id", "national number", "national insurance"),
    *("身份证", "身分證", "sécurité sociale", "securite sociale", "cpf"),
)
_BORN = (
    *("born", "birth", "dob", "d.o.b", "geboren", "geburt", "née le", "né le", "nee le"),
    *("naissance", "nacid", "nacimiento", "nascid", "nascimento", "nata il", "nato il"),
    *("nascita", "geboorte", "urodz", "родил", "рожден", "出生", "生年月日", "생년월일"),
)
_PHONE_WORDS = (
    *("phone", "tel ", "tel:", "tel.", "téléph", "teleph", "telef", "mobil", "cell", "handy"),
    *("call", "whatsapp", "fax", "sms", "text me", "電話", "电话", "手机", "телефон", "тел."),
    *("الهاتف", "فون", "फ़ोन", "फोन", "전화"),
)
NEAR = 40
"""Characters before a number in which a word may name it."""

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9\u00c0-\u04ff_.%+'-])[A-Za-z0-9\u00c0-\u04ff_%+][A-Za-z0-9\u00c0-\u04ff._%+'-]{0,63}@"
    r"(?:[A-Za-z0-9\u00c0-\u04ff-]{1,63}\.){1,8}[A-Za-z\u00c0-\u04ff]{2,24}"
)
_URL = re.compile(
    r"[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s/@:]{0,100}:[^\s/@]{1,200}@[^\s/@]{1,200}"
)
_KEY = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"sk-[A-Za-z0-9_-]{16,200}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,100}"
    r"|gh[pousr]_[A-Za-z0-9]{30,80}|github_pat_[A-Za-z0-9_]{22,100}|glpat-[A-Za-z0-9_-]{20,60}"
    r"|A(?:KIA|SIA)[0-9A-Z]{16}|xox[abeoprs]-[A-Za-z0-9-]{10,120}|AIza[0-9A-Za-z_-]{35}"
    r"|hf_[A-Za-z0-9]{30,60}|npm_[A-Za-z0-9]{30,60}|pypi-[A-Za-z0-9_-]{40,250}"
    r"|SG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{16,60}"
    r"|eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,2000})"
    r"|-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----"
)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[ -]?[A-Za-z0-9]{1,4}){3,9}(?![A-Za-z0-9])"
)
_CARD = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d])")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}"
    r"|\d{1,2}(?:st|nd|rd|th|\.)? ?[^\W\d_]{3,12}\.?,? ?(?:19|20)\d\d"
    r"|[^\W\d_]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d"
    r"|(?:19|20)\d\d年\d{1,2}月\d{1,2}日)(?!\d)"
)
_IP4 = re.compile(r"(?<![A-Za-z0-9_.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
_IP6 = re.compile(
    r"(?<![A-Za-z0-9_:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![A-Za-z0-9_:])"
)
_PHONE = re.compile(
    r"(?<![A-Za-z0-9_+])(?:(?:\+|00[ .\-/]?)[1-9]\d{0,3}[ .\-/]{0,2}(?:\(\d{1,5}\)[ .\-/]?)?"
    r"\d(?:[ .\-/]?\d){4,12}"
    r"|\(\d{2,5}\)[ .\-/]?\d(?:[ .\-]?\d){4,9}"
    r"|[2-9]\d\d([ .-])\d{3}\1\d{4}"
    r"|0[1-9]\d{0,3}[ .\-/]\d(?:[ .\-/]?\d){4,9})(?![A-Za-z0-9_])"
)
_BARE = re.compile(r"(?<![A-Za-z0-9_+.,])\d(?:[ -]?\d){6,14}(?![A-Za-z0-9_])")
_TOKEN = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{20,256}={0,2}(?![A-Za-z0-9+/_=-])")

_NATIONAL = tuple(
    (what, re.compile(rf"(?<![A-Za-z0-9_.-])(?:{shape})(?![A-Za-z0-9_]|[.-]\d)"), valid)
    for what, (shape, valid) in NATIONAL.items()
)


def _urls(text: str) -> Iterator[Finding]:
    if "://" in text:
        yield from (Finding("url_credentials", *m.span()) for m in _URL.finditer(text))


def _keys(text: str) -> Iterator[Finding]:
    yield from (Finding("key", *m.span()) for m in _KEY.finditer(text))


def _emails(text: str) -> Iterator[Finding]:
    if "@" in text:
        yield from (Finding("email", *m.span()) for m in _EMAIL.finditer(text))


def _ibans(text: str) -> Iterator[Finding]:
    for match in _IBAN.finditer(text):
        # A word in capitals may follow: take words off until the check digits fit.
        end = match.end()
        while end - match.start() >= 15:
            plain = re.sub(r"[ -]", "", text[match.start() : end]).upper()
            if iban(plain):
                yield Finding("iban", match.start(), end)
                break
            cut = max(text.rfind(mark, match.start(), end) for mark in " -")
            if cut <= match.start():
                break
            end = cut


def _cards(text: str) -> Iterator[Finding]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"[ -]", "", match[0])
        if digits[0] in "23456" and 13 <= len(digits) <= 19 and luhn(digits):
            yield Finding("card", *match.span())


def _nationals(text: str) -> Iterator[Finding]:
    numbers = _MANY_DIGITS.search(text) is not None
    for what, shape, valid in _NATIONAL:
        if not numbers and what != "it codice fiscale":
            continue
        for match in shape.finditer(text):
            plain = _SPACES.sub("", match[0])
            if not valid(plain):
                continue
            # A plain run of digits passes one check digit in eleven by chance.
            loose = match[0].isdigit() and len(plain) < 13
            if loose and not _near(text, match.start(), _NUMBER_WORDS):
                continue
            yield Finding("national_id", *match.span(), what)


def _births(text: str) -> Iterator[Finding]:
    low = text.lower()
    if not any(word in low for word in _BORN):
        return
    for match in _DATE.finditer(text):
        if _near(text, match.start(), _BORN):
            yield Finding("birth_date", *match.span())


def _addresses(text: str) -> Iterator[Finding]:
    shapes = ([_IP4] if text.count(".") >= 3 else []) + ([_IP6] if text.count(":") >= 2 else [])
    for shape in shapes:
        for match in shape.finditer(text):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            told = address.is_loopback or address.is_unspecified
            if not told and (address.version == 4 or sum(map(str.isalnum, match[0])) > 3):
                yield Finding("ip", *match.span(), f"v{address.version}")


def _phones(text: str) -> Iterator[Finding]:
    for match in _PHONE.finditer(text):
        digits = sum(map(str.isdigit, match[0]))
        if 7 <= digits <= 16 and not _DATE.fullmatch(match[0]):
            yield Finding("phone", *match.span())
    low = text.lower()
    if not any(word in low for word in _PHONE_WORDS):
        return
    for match in _BARE.finditer(text):
        if _near(text, match.start(), _PHONE_WORDS) and not _DATE.fullmatch(match[0]):
            yield Finding("phone", *match.span())


def _secrets(text: str) -> Iterator[Finding]:
    for match in _TOKEN.finditer(text):
        token = match[0]
        mixed = any(map(str.isdigit, token)) and token != token.lower() != token.upper()
        if mixed and token != token.upper() and _entropy(token) >= 4.0:
            yield Finding("secret", *match.span())


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(c / len(text) * math.log2(c / len(text)) for c in counts)


def _near(text: str, start: int, words: tuple[str, ...]) -> bool:
    before = text[max(0, start - NEAR) : start].lower()
    return any(word in before for word in words)


_LOOK: Mapping[str, Callable[[str], Iterator[Finding]]] = {
    "url_credentials": _urls,
    "key": _keys,
    "email": _emails,
    "iban": _ibans,
    "card": _cards,
    "national_id": _nationals,
    "birth_date": _births,
    "ip": _addresses,
    "phone": _phones,
    "secret": _secrets,
}
_MANY_DIGITS = re.compile(r"\d(?:[ .\-/()]{0,2}\d){6}")
"""What every number that is looked for holds, the Italian code apart."""
_SHORTEST_KEY = 14


def scan(text: str, kinds: Iterable[str] | None = None) -> list[Finding]:
    """Everything found in one text, by position, without overlaps.

    ``kinds`` are some of ``KINDS``, all where it is ``None``. Costs a few microseconds on a
    text without digits, ``@`` or long tokens. A shape says nothing about whose it is.

    >>> [found.kind for found in scan("Mail ana@example.com or call +49 30 901820.")]
    ['email', 'phone']
    """
    chosen = KINDS if kinds is None else dict.fromkeys(kinds)
    plain = text if text.isascii() else _narrow(text)
    if not plain or plain.isalpha():
        return []
    numbers = _MANY_DIGITS.search(plain) is not None
    tokens = max(map(len, plain.split()), default=0) >= _SHORTEST_KEY
    useless = {
        *(() if numbers else ("iban", "card", "phone")),
        *(() if numbers or tokens else ("national_id",)),
        *(() if tokens or "-----" in plain else ("key", "secret")),
    }
    taken: list[Finding] = []
    for kind, look in _LOOK.items():
        if kind not in chosen or kind in useless:
            continue
        for found in look(plain):
            if all(found.end <= t.start or found.start >= t.end for t in taken):
                taken.append(found)
    return sorted(taken, key=lambda found: found.start)


def _narrow(text: str) -> str:
    """Full-width and other digits as ASCII ones, character by character."""
    text = text.translate(_WIDE)
    if any(mark.isdigit() and not mark.isascii() for mark in text):
        text = "".join(map(_digit, text))
    return text


def _digit(mark: str) -> str:
    return str(int(mark)) if mark.isdecimal() else mark


def scan_rows(
    rows: Iterable[Mapping[str, JSON]], kinds: Iterable[str] | None = None
) -> dict[str, dict[str, int]]:
    """Finds by column and kind over many rows; numbers count as their digits.

    >>> scan_rows([{"note": "ana@example.com"}, {"note": "nothing"}])
    {'note': {'email': 1}}
    """
    chosen = None if kinds is None else tuple(kinds)
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for column, value in row.items():
            for text in _texts(value):
                for finding in scan(text, chosen):
                    found.setdefault(column, Counter())[finding.kind] += 1
    return {column: dict(counts) for column, counts in found.items()}


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def label_of(kind: str, number: int) -> str:
    """``2 e-mail addresses``."""
    label = KINDS[kind]
    if number == 1:
        return f"1 {label}"
    head, space, tail = label.partition(" (")
    head, of, rest = head.partition(" of ")
    head, with_, password = head.partition(" with ")
    plural = head + ("es" if head.endswith("ss") else "s")
    plural = plural.replace("key or tokens", "keys or tokens")
    return f"{number:,} {plural}{of}{rest}{with_}{password}{space}{tail}"


def summary(counts: Mapping[str, int]) -> str:
    """Counts by kind in words, most first; empty for none.

    >>> summary({"email": 2, "card": 1})
    '2 e-mail addresses, 1 payment card'
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], list(KINDS).index(item[0])))
    return ", ".join(label_of(kind, number) for kind, number in ordered if number)
