"""Names for customers by seed: most are ordinary, some are what real lists hold and naive code breaks on."""

from __future__ import annotations

from typing import Final

from bulkops.sandbox.seeded_random import draws

_FIRST: Final = (
    "Northwind",
    "Alder",
    "Birch",
    "Cobalt",
    "Delta",
    "Ember",
    "Falcon",
    "Granite",
    "Harbour",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Meridian",
    "Nimbus",
    "Orchard",
    "Pinnacle",
    "Quarry",
    "Ridgeway",
    "Summit",
    "Tidewater",
    "Umbra",
    "Vertex",
    "Willow",
    "Zephyr",
)
_SECOND: Final = (
    "Analytics",
    "Bakery",
    "Clinics",
    "Data",
    "Energy",
    "Foods",
    "Games",
    "Hotels",
    "Insurance",
    "Jewels",
    "Kitchens",
    "Logistics",
    "Media",
    "Networks",
    "Optics",
    "Paper",
    "Robotics",
    "Shipping",
    "Textiles",
    "Utilities",
    "Ventures",
    "Works",
)
_FORM: Final = ("GmbH", "Ltd", "Inc.", "S.A.", "AB", "Oy", "B.V.", "K.K.", "Pty Ltd", "SpA")

_ODD: Final = (
    '<b onmouseover="alert(1)">Bold</b> & Söhne',
    '"Quoted", Comma; Semicolon\tTab Inc.',
    "O'Brien'); DROP TABLE customers;--",
    '=HYPERLINK("http://example.invalid","Totals")',
    "北京示例软件有限公司",
    "شركة المثال المحدودة",
    "Zażółć Gęślą Jaźń Sp. z o.o.",
    "e\u0301clair (combining) \u200b and zero width",
    "Rocket 🚀 & Family 👩‍👩‍👧",
    "Two\nlines",
    "\x1b[31mRed\x1b[0m Alert Co",
    "  spaces around  ",
    "null",
    "[bold]Markup[/bold] {template} ${shell} %s",
    "../../etc/passwd",
    "Long " + "and longer " * 40 + "Holdings",
)
_ODD_PART: Final = 0.06


def customer_name(seed: int, index: int) -> str:
    """The name of customer `index`; the same for the same seed."""
    numbers = draws(seed, "customer-name", index)
    if numbers[0] < _ODD_PART:
        return f"{_pick(_ODD, numbers[1])} {index + 1}"
    words = (_pick(_FIRST, numbers[1]), _pick(_SECOND, numbers[2]), _pick(_FORM, numbers[3]))
    return f"{' '.join(words)} {index + 1}"


def _pick(words: tuple[str, ...], number: float) -> str:
    return words[int(number * len(words))]
