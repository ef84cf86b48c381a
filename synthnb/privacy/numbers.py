"""Check digits: which digits are a card, an account or a national number."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["NATIONAL", "iban", "iban_check", "luhn", "nhs_digit", "nir_key", "ssn"]

_IBAN_LENGTHS = {
    **{"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22},
    **{"BH": 22, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22},
    **{"DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27},
    **{"GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28},
    **{"IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20},
    **{"LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27},
    **{"MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15},
    **{"PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24},
    **{"SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23},
    **{"TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20},
}


def luhn(digits: str) -> bool:
    """Payment cards, IMEI and others: doubled every second digit from the right.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def iban_check(country: str, account: str) -> str:
    """The two check digits of an IBAN (ISO 7064, mod 97)."""
    return f"{98 - _mod97(account + country + '00'):02d}"


def iban(text: str) -> bool:
    """An IBAN without spaces, of its country's length.

    >>> iban("DE89370400440532013000"), iban("DE89370400440532013001")
    (True, False)
    """
    return _IBAN_LENGTHS.get(text[:2]) == len(text) and _mod97(text[4:] + text[:4]) == 1


def _mod97(text: str) -> int:
    return int("".join(str(int(mark, 36)) for mark in text)) % 97


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def ssn(digits: str) -> bool:
    """US social security number: no check digit, but areas and groups that never were."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    issued = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return len(digits) == 9 and issued


def nhs_digit(first_nine: str) -> int:
    """Check digit of a UK NHS number; 10 where there is none."""
    return (11 - _weighted(first_nine, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11) % 11


def _nhs(digits: str) -> bool:
    return (
        len(digits) == 10 and len(set(digits)) > 1 and nhs_digit(digits[:9]) == int(digits[9])
    )


def nir_key(number: str) -> int:
    """Key of a French NIR from its first 13 characters; Corsica writes 2A and 2B."""
    return 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97


def _nir(text: str) -> bool:
    plain = text.replace("2A", "19").replace("2B", "18")
    month = int(plain[3:5]) if len(plain) == 15 and plain.isdigit() else 0
    return plain[:1] in "12378" and 1 <= month <= 99 and nir_key(text[:13]) == int(text[13:])


def _dni(text: str) -> bool:
    """Spanish DNI and NIE."""
    number = text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return number.isdigit() and text[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


_TENS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_REST = (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_MARKS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ODD = dict(zip(_MARKS, (*_TENS, *_TENS, *_REST), strict=True))


def _codice_fiscale(text: str) -> bool:
    """Italian tax code."""
    total = sum(
        _ODD[mark] if place % 2 == 0 else int(mark, 36) - (10 if mark.isalpha() else 0)
        for place, mark in enumerate(text[:15])
    )
    return text[15] == chr(ord("A") + total % 26)


def _cpf(digits: str) -> bool:
    """Brazilian CPF."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for size in (9, 10):
        rest = (
            sum(int(d) * (size + 1 - place) for place, d in enumerate(digits[:size])) * 10 % 11
        )
        if rest % 10 != int(digits[size]):
            return False
    return True


def _bsn(digits: str) -> bool:
    """Dutch BSN: the eleven test."""
    return (
        len(digits) == 9
        and len(set(digits)) > 1
        and (_weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2)) - int(digits[8])) % 11 == 0
    )


def _pesel(digits: str) -> bool:
    """Polish PESEL."""
    month = int(digits[2:4]) % 20
    total = _weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3))
    return len(digits) == 11 and 1 <= month <= 12 and (10 - total % 10) % 10 == int(digits[10])


def _steuer_id(digits: str) -> bool:
    """German tax identification number (ISO 7064, mod 11,10)."""
    if len(digits) != 11 or digits[0] == "0":
        return False
    counts = sorted((digits[:10].count(d) for d in set(digits[:10])), reverse=True)
    if counts[0] not in (2, 3) or len(counts) not in (8, 9):
        return False
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def _aadhaar(digits: str) -> bool:
    """Indian Aadhaar: Verhoeff's check digit."""
    if len(digits) != 12 or digits[0] in "01":
        return False
    check = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(place % 8):
            value = _VERHOEFF[value]
        check = _dihedral(check, value)
    return check == 0


_VERHOEFF = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _dihedral(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5
    return (a - 5 - b) % 5 + 5 if b < 5 else (a - b) % 5


def _china_id(text: str) -> bool:
    """Chinese resident identity number (ISO 7064, mod 11-2)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    dated = 1 <= int(text[10:12]) <= 12 and 1 <= int(text[12:14]) <= 31
    return (
        dated
        and text[6:8] in ("19", "20")
        and ("10X98765432"[_weighted(text, weights) % 11] == text[17])
    )


def _personnummer(text: str) -> bool:
    """Swedish personal number: a date and Luhn's check digit."""
    digits = "".join(mark for mark in text if mark.isdigit())[-10:]
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) % 60 <= 31 and luhn(digits)


NATIONAL: dict[str, tuple[str, Callable[[str], bool]]] = {
    "us ssn": (r"\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}|\d{9}", ssn),
    "uk nhs": (r"\d{3} ?\d{3} ?\d{4}", _nhs),
    "se personnummer": (r"(?:19|20)?\d{6}[-+]\d{4}", _personnummer),
    "fr nir": (
        r"[12378] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d",
        _nir,
    ),
    "es dni": (r"[XYZ]?-?\d{7,8}-?[TRWAGMYFPDXBNJZSQVHLCKE]", _dni),
    "it codice fiscale": (
        r"[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]",
        _codice_fiscale,
    ),
    "br cpf": (r"\d{3}\.\d{3}\.\d{3}-\d\d", _cpf),
    "pl pesel": (r"\d{11}", _pesel),
    "de steuer-id": (r"\d{2} \d{3} \d{3} \d{3}|\d{11}", _steuer_id),
    "nl bsn": (r"\d{9}", _bsn),
    "in aadhaar": (r"\d{4}[ -]?\d{4}[ -]?\d{4}", _aadhaar),
    "cn id": (r"\d{17}[\dX]", _china_id),
}
"""National numbers: the shape, and the check of its letters and digits alone."""
