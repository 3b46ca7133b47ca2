"""Reports made of rows, without a journal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bulkops.journal import AccountRow
from bulkops.report import Report
from tests.records import account_row, report_of


@pytest.fixture
def row() -> Callable[..., AccountRow]:
    return account_row


@pytest.fixture
def report() -> Callable[..., Report]:
    return report_of
