"""Surrogates: the same made-up value for the same real one, of the same type.

A surrogate is drawn from a keyed hash (HMAC-SHA-256) of the real value. The key stays on
this machine, and the map is kept in memory alone: neither is in any export. Replacing what
has a shape is no anonymity: what has none is still there.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

from synthnb.privacy.numbers import iban_check, luhn, nhs_digit, nir_key
from synthnb.privacy.scan import Finding, scan
from synthnb.types import JSON, Row

__all__ = ["Surrogates", "local_salt"]

_GROUPED = frozenset({"iban", "card", "national_id", "phone"})
"""Kinds that are the same value however they are grouped."""


def local_salt(folder: Path) -> bytes:
    """The key of this user, made on first use and readable by the user alone."""
    import os

    place = folder / "privacy" / "salt"
    try:
        found = place.read_bytes()
        if len(found) == 32:
            return found
    except FileNotFoundError:
        pass
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    salt = secrets.token_bytes(32)
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was quicker
        return place.read_bytes()
    with os.fdopen(handle, "wb") as stream:
        stream.write(salt)
    return salt


class _Draw:
    """A stream of numbers that follows from a key, a kind and a value."""

    def __init__(self, salt: bytes, kind: str, value: str, attempt: int) -> None:
        text = f"{kind}\0{attempt}\0{value}".encode("utf-8", "surrogatepass")
        self._seed = hmac.new(salt, text, hashlib.sha256).digest()
        self._block = 0
        self._bytes = b""

    def below(self, n: int) -> int:
        """A number from 0 to n - 1."""
        if len(self._bytes) < 8:
            self._block += 1
            head = self._seed + self._block.to_bytes(4, "big")
            self._bytes += hashlib.sha256(head).digest()
        head, self._bytes = self._bytes[:8], self._bytes[8:]
        return int.from_bytes(head, "big") % n

    def pick(self, items: str) -> str:
        """One letter of ``items``."""
        return items[self.below(len(items))]

    def digits(self, count: int) -> str:
        """``count`` digits."""
        return "".join(self.pick(string.digits) for _ in range(count))


class Surrogates:
    """Replaces what the scanner finds; one object keeps one map.

    >>> made = Surrogates(b"a key")
    >>> first = made.replace("Ask ana@example.com or ana@example.com")
    >>> a, b = first.split()[1], first.split()[3]
    >>> a == b != "ana@example.com"
    True
    >>> made.restore(first)
    'Ask ana@example.com or ana@example.com'
    """

    def __init__(self, salt: bytes, *, kinds: Iterable[str] | None = None) -> None:
        if not salt:
            raise ValueError("surrogates need a key")
        self._salt = salt
        self._kinds = None if kinds is None else tuple(kinds)
        self._map: dict[tuple[str, str], str] = {}
        self._back: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        """How many places were replaced, by kind."""

    def __repr__(self) -> str:
        """Counts alone: real values stay out of logs."""
        return f"Surrogates({len(self._map)} values)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("surrogates stay on this machine: they are not copied or saved")

    @property
    def values(self) -> Mapping[str, str]:
        """Real value to its surrogate. For your eyes: it is never written anywhere."""
        return {real: made for (_, real), made in self._map.items()}

    def replace(self, text: str) -> str:
        """The text with a surrogate for each find."""
        parts: list[str] = []
        at = 0
        for found in scan(text, self._kinds):
            parts += (text[at : found.start], self._for(found, text[found.start : found.end]))
            self.counts[found.kind] = self.counts.get(found.kind, 0) + 1
            at = found.end
        return "".join((*parts, text[at:])) if parts else text

    def replace_value(self, value: JSON) -> JSON:
        """A JSON value with all its texts replaced."""
        if isinstance(value, str):
            return self.replace(value)
        if isinstance(value, list):
            return [self.replace_value(item) for item in value]
        if isinstance(value, dict):
            return {key: self.replace_value(item) for key, item in value.items()}
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 999_999:
            made = self.replace(str(value))
            return int(made) if made.lstrip("-").isdigit() else made
        return value

    def replace_row(self, row: Mapping[str, JSON]) -> Row:
        """A row with all its values replaced."""
        return {name: self.replace_value(value) for name, value in row.items()}

    def restore(self, text: str) -> str:
        """Real values in place of surrogates that a text came back with."""
        for made in sorted(self._back, key=len, reverse=True):
            text = text.replace(made, self._back[made])
        return text

    def _for(self, found: Finding, real: str) -> str:
        key = (found.kind, _plain(found, real))
        known = self._map.get(key)
        made = known
        attempt = 0
        while made is None:
            drawn = _MAKERS[found.kind](_Draw(self._salt, *key, attempt), real, found.what)
            if drawn not in self._back and drawn != real:
                made = drawn
            attempt += 1
        if known is None:
            self._map[key] = made
        elif found.kind in _GROUPED:
            made = _refill(real, "".join(filter(str.isalnum, known)))
        self._back.setdefault(made, real)
        return made


def _plain(found: Finding, real: str) -> str:
    """The same number in another spelling is the same value."""
    if found.kind in _GROUPED:
        return re.sub(r"[ .\-/()]", "", real)
    return real.casefold() if found.kind == "email" else real


def _email(draw: _Draw, real: str, what: str) -> str:
    return f"user{draw.below(10**8):08d}@example.{('com', 'org', 'net')[draw.below(3)]}"


def _shaped(draw: _Draw, real: str, keep: int = 0) -> str:
    """Digits for digits, letters for letters, the rest as it is."""
    made = []
    for place, mark in enumerate(real):
        if place < keep or not mark.isalnum():
            made.append(mark)
        elif mark.isdigit():
            made.append(draw.pick(string.digits))
        else:
            letters = string.ascii_uppercase if mark.isupper() else string.ascii_lowercase
            made.append(draw.pick(letters))
    return "".join(made)


def _refill(real: str, digits: str) -> str:
    """New letters and digits in the grouping of the old ones."""
    fresh = iter(digits)
    return "".join(next(fresh, "") if mark.isalnum() else mark for mark in real)


def _phone(draw: _Draw, real: str, what: str) -> str:
    head = re.match(r"(?:\+|00)\d{1,2}|0", real)
    keep = head.end() if head else 0
    # 2 to 9: a number that began otherwise would be read as something else.
    made = _shaped(draw, real, keep)
    first = next((i for i in range(keep, len(made)) if made[i].isdigit()), None)
    if first is not None and made[first] in "01":
        made = made[:first] + draw.pick("23456789") + made[first + 1 :]
    return made


def _card(draw: _Draw, real: str, what: str) -> str:
    size = sum(map(str.isdigit, real))
    body = "4" + draw.digits(size - 2)
    digits = next(body + last for last in string.digits if luhn(body + last))
    return _refill(real, digits)


def _iban(draw: _Draw, real: str, what: str) -> str:
    plain = re.sub(r"[ -]", "", real)
    account = _shaped(draw, plain[4:])
    return _refill(real, plain[:2] + iban_check(plain[:2], account) + account)


def _national(draw: _Draw, real: str, what: str) -> str:
    plain = re.sub(r"[ .\-/]", "", real)
    if what == "uk nhs":  # 999 is kept for tests
        body = "999" + draw.digits(6)
        while nhs_digit(body) == 10:
            body = "999" + draw.digits(6)
        return _refill(real, body + str(nhs_digit(body)))
    if what == "fr nir":
        month, place = draw.below(12) + 1, draw.below(94) + 1
        body = f"{1 + draw.below(2)}{draw.digits(2)}{month:02d}{place:02d}{draw.digits(6)}"
        return _refill(real, f"{body}{nir_key(body):02d}")
    if what == "us ssn":  # 900 and up were never given out
        return _refill(real, f"9{draw.digits(len(plain) - 1)}")
    return _shaped(draw, real)


def _birth(draw: _Draw, real: str, what: str) -> str:
    """Another day within three years; the year alone moves where words name the month."""
    shift = (draw.below(3 * 365) + 1) * (1 if draw.below(2) else -1)
    for shape, order in _DATES:
        match = shape.fullmatch(real)
        if match is None:
            continue
        parts = dict(zip(order, match.groups(), strict=True))
        year = int(parts["y"]) + (1900 if len(parts["y"]) == 2 else 0)
        try:
            moved = date(year, int(parts["m"]), int(parts["d"])) + timedelta(days=shift)
        except (ValueError, OverflowError):
            continue
        fresh = {"y": f"{moved.year:04d}"[-len(parts["y"]) :]}
        fresh |= {"m": f"{moved.month:02d}", "d": f"{moved.day:02d}"}
        pieces = re.split(r"\d+", real)
        made = "".join(gap + fresh[key] for gap, key in zip(pieces, order, strict=False))
        return made + pieces[-1]
    return re.sub(r"(?:19|20)\d\d", lambda year: str(int(year[0]) + (shift // 365 or 1)), real)


_DATES = (
    (re.compile(r"((?:19|20)\d\d)[./-](\d{1,2})[./-](\d{1,2})"), "ymd"),
    (re.compile(r"((?:19|20)\d\d)年(\d{1,2})月(\d{1,2})日"), "ymd"),
    (re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d\d)"), "dmy"),
    (re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d\d)"), "mdy"),
)


def _ip(draw: _Draw, real: str, what: str) -> str:
    """Ranges that are kept for documentation (RFC 5737, RFC 3849)."""
    if what == "v6":
        return str(ipaddress.IPv6Address((0x20010DB8 << 96) | draw.below(1 << 63)))
    net = ("192.0.2", "198.51.100", "203.0.113")[draw.below(3)]
    # A map of more than 700 addresses goes on in the range for benchmarks (RFC 2544).
    return f"{net}.{draw.below(254) + 1}" if draw.below(4) else _benchmark(draw)


def _benchmark(draw: _Draw) -> str:
    return f"198.{18 + draw.below(2)}.{draw.below(256)}.{draw.below(254) + 1}"


def _url(draw: _Draw, real: str, what: str) -> str:
    scheme = real.partition("://")[0]
    return (
        f"{scheme}://user{draw.below(10**6)}:{draw.digits(10)}@host{draw.below(10**4)}.example"
    )


def _key(draw: _Draw, real: str, what: str) -> str:
    if real.startswith("-----"):
        return f"[private key {draw.below(10**8):08d} removed]"
    head = re.match(r"(?:sk-|[sr]k_(?:live|test)_|gh[pousr]_|github_pat_|glpat-|A(?:KIA|SIA)"
                    r"|xox[a-z]-|AIza|hf_|npm_|pypi-|SG\.|eyJ)", real)  # fmt: skip
    return _shaped(draw, real, head.end() if head else 0)


def _secret(draw: _Draw, real: str, what: str) -> str:
    return _shaped(draw, real)


_MAKERS: Mapping[str, Callable[[_Draw, str, str], str]] = {
    "url_credentials": _url,
    "key": _key,
    "email": _email,
    "iban": _iban,
    "card": _card,
    "national_id": _national,
    "birth_date": _birth,
    "ip": _ip,
    "phone": _phone,
    "secret": _secret,
}
