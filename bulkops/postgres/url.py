"""`DatabaseUrl`: where a PostgreSQL database is, with a password that is never shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

import attrs

from bulkops.errors import ConfigError
from bulkops.masking import MASK, register
from bulkops.secret import Secret

DEFAULT_SCHEMA: Final = "bulkops"

_SCHEMES: Final = ("postgresql://", "postgres://")
_URL: Final = re.compile(
    r"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^:@/?]*)(?::(?P<password>.*))?@)?(?P<hosts>[^@/?]*)"
    r"(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_SECRET_KEYS: Final = frozenset({"password", "sslpassword"})
_SCHEMA_KEY: Final = "schema"
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""No quoting is necessary for such a name, in SQL or in a shell."""
_EXAMPLE: Final = "postgresql://USER@HOST:5432/DATABASE"


def is_database_url(text: str) -> bool:
    """Whether the text is meant as a URL of PostgreSQL.

    >>> is_database_url("postgresql://db.example.com/fleet"), is_database_url("runs/may")
    (True, False)
    """
    return text.startswith(_SCHEMES)


def without_password(text: str) -> str:
    """The URL with its passwords masked, also when the URL is malformed.

    >>> without_password("postgresql://ann:hunter2@db/fleet?sslpassword=x&sslmode=require")
    'postgresql://ann:***@db/fleet?sslpassword=***&sslmode=require'
    """
    text = re.sub(r"(?<=://)([^:@/?]*):.*(?=@)", rf"\1:{MASK}", text, count=1, flags=re.DOTALL)
    return re.sub(rf"([?&](?:{'|'.join(sorted(_SECRET_KEYS))})=)[^&]*", rf"\1{MASK}", text)


@attrs.frozen(kw_only=True)
class DatabaseUrl:
    """A database, and the schema of bulkops in it.

    `str()` and `repr()` mask passwords. `conninfo`: what libpq connects with. `place`: for messages, such as
    "ann@db.example.com:5432/fleet".
    """

    conninfo: Secret = attrs.field(repr=False)
    schema: str
    place: str
    shown: str = attrs.field(repr=False)
    without_password: str = attrs.field(repr=False)
    """For commands that are shown to a user."""

    @classmethod
    def parse(cls, text: str) -> DatabaseUrl:
        """A URL as libpq takes it, and `schema=NAME` in its query: the schema of bulkops, "bulkops" by default.

        Raises: ConfigError. It never repeats a password.
        """
        parts = _URL.fullmatch(text)
        if parts is None:
            raise ConfigError(f"{without_password(text)!r} is not a database URL", remedy=f"write {_EXAMPLE}")
        query = parse_qsl(parts["query"] or "", keep_blank_values=True)
        passwords = [unquote(parts["password"] or ""), *(value for key, value in query if key in _SECRET_KEYS)]
        for password in passwords:
            register(password)
        schema = next((value for key, value in query if key == _SCHEMA_KEY), DEFAULT_SCHEMA)
        if not _SCHEMA.fullmatch(schema):
            raise ConfigError(
                f"schema={schema} in the database URL is not a valid name",
                remedy="use lower-case letters, digits and underscores",
            )
        rest = urlencode([pair for pair in query if pair[0] != _SCHEMA_KEY], quote_via=quote)
        return cls(
            # Without a password it is what a suggested command needs.
            conninfo=Secret(text.partition("?")[0] + (f"?{rest}" if rest else ""), is_masked=any(passwords)),
            schema=schema,
            place=_place(parts, dict(query)),
            shown=without_password(text),
            without_password=_removed(text),
        )

    def __str__(self) -> str:
        return self.shown


def _removed(text: str) -> str:
    text = re.sub(r"(?<=://)([^:@/?]*):.*(?=@)", r"\1", text, count=1, flags=re.DOTALL)
    return re.sub(rf"(?<=[?&])(?:{'|'.join(sorted(_SECRET_KEYS))})=[^&]*(?:&|$)", "", text).rstrip("?&")


def _place(parts: re.Match[str], query: dict[str, str]) -> str:
    user = unquote(parts["user"] or "") or query.get("user", "")
    hosts = unquote(parts["hosts"]) or query.get("host", "")
    name = unquote(parts["name"] or "") or query.get("dbname", "")
    schema = query.get(_SCHEMA_KEY, DEFAULT_SCHEMA)
    of_schema = "" if schema == DEFAULT_SCHEMA else f" schema {schema}"
    return f"{user}{'@' if user else ''}{hosts or 'localhost'}/{name}{of_schema}"
