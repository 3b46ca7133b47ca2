"""Each class of error, raised by the code that raises it; the generated docs/reference/errors.md has the texts."""

from __future__ import annotations

from bulkops import errors
from bulkops.errors import BulkopsError
from docs.error_examples import WITHOUT_EXAMPLE, examples


def test_each_error_is_one_printable_line_with_a_cause_and_a_remedy() -> None:
    raised = examples()
    kinds = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, BulkopsError) and value.__module__ == errors.__name__
    }
    assert set(raised) == kinds - WITHOUT_EXAMPLE
    for name, error in raised.items():
        assert type(error).__name__ == name
        assert str(error).isprintable()
        assert error.cause
        assert error.remedy or name == "WouldChange"
