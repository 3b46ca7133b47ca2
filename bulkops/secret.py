"""`Secret`, a text that cannot be printed by accident."""

from __future__ import annotations

from typing import NoReturn

from bulkops.masking import MASK, register


class Secret:
    """Holds a secret text; `str`, `repr`, `format` and pickling never show it.

    `is_masked`: `masked` removes it from other texts, from then on.

    >>> Secret("wrkaus-abc")
    Secret(***)
    >>> f"{Secret('wrkaus-abc')}"
    '***'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str, *, is_masked: bool = True) -> None:
        self._text = text
        if is_masked:
            register(text)

    def reveal(self) -> str:
        """The secret itself. Call it only where the secret goes onto the wire."""
        return self._text

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        import hmac  # noqa: PLC0415 - loads OpenSSL, which `--version` does without

        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied to disk: pass the environment variable's name instead")
