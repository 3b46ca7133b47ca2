"""Account files: what is read, and the one clear line for what cannot be."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from bulkops.errors import BulkopsError, InputError, PlanError
from bulkops.runs.inventory import from_values, read_accounts

GOOD = {
    "a.csv": "id,plan\n4100231, free\n4100232,paid\n",
    "b.csv": "external_id,plan\nORG-1,free\nORG-2,paid\n",
    "c.json": '[{"id": 4100231, "plan": "free"}, {"id": "4100232", "plan": "paid"}]',
    "d.jsonl": '{"id": 4100231, "plan": "free"}\n\n{"external_id": "ORG-2", "plan": "paid"}\n',
}


@pytest.mark.parametrize("name", GOOD)
def test_every_form_gives_accounts_with_their_parameters(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(GOOD[name])
    rows = read_accounts(tmp_path / name).rows
    assert [row.params["plan"] for row in rows] == ["free", "paid"]
    assert [row.seq for row in rows] == [0, 1]
    assert {row.account for row in rows} <= {"4100231", "4100232", "EORG-1", "EORG-2"}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_spreadsheet_exports_are_read(tmp_path: Path, newline: str, bom: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(f"{bom}id,name{newline}1,Ägypten{newline}".encode())
    assert [(row.account, row.params) for row in read_accounts(path).rows] == [("1", {"name": "Ägypten"})]


def test_a_text_file_has_one_account_a_line_and_may_have_comments(tmp_path: Path) -> None:
    path = tmp_path / "accounts.txt"
    path.write_text("# the first ones\n4100231\n\nEORG-7\n")
    assert [row.account for row in read_accounts(path).rows] == ["4100231", "EORG-7"]


def test_rows_that_a_spreadsheet_cleared_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("id,name,plan\n1,a,x\n,,\n2,b,y\n , ,\n,,\n")
    assert [row.account for row in read_accounts(path).rows] == ["1", "2"]


def test_a_line_ends_only_at_a_newline(tmp_path: Path) -> None:
    path = tmp_path / "accounts.jsonl"
    path.write_text('{"id": 1, "name": "a\u2028b\x85c"}\n{"id": 2}\n', encoding="utf-8")
    assert [(row.account, row.name) for row in read_accounts(path).rows] == [("1", "a\u2028b\x85c"), ("2", "")]


@pytest.mark.parametrize(
    "text", ["4100231\nEORG-7\n", "id\n4100231\nEORG-7\n", '["4100231", "EORG-7"]', "\ufeffid\n4100231\nEORG-7\n"]
)
def test_stdin_is_read_in_whichever_form_it_has(text: str) -> None:
    assert [row.account for row in read_accounts("-", stdin=io.StringIO(text)).rows] == ["4100231", "EORG-7"]


@pytest.mark.parametrize("text", ["id;name\n1;a,b\n", '"name"\t"id"\n"a,b"\t1\n', 'name,"id"\n"a,b",1\n'])
def test_a_spreadsheet_separates_by_what_its_country_leaves_free(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(text)
    expected = [("1", {"name": "a,b"})]
    assert [(row.account, row.params) for row in read_accounts(path).rows] == expected
    assert [(row.account, row.params) for row in read_accounts("-", stdin=io.StringIO(text)).rows] == expected


def test_numbers_are_a_list_of_accounts_unless_a_file_has_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [row.account for row in read_accounts("4100231, 4100232").rows] == ["4100231", "4100232"]
    with pytest.raises(PlanError, match="the list of ids, entry 2: account 7 is already in entry 1"):
        read_accounts("7,7")
    Path("7").write_text("8\n")
    assert [row.account for row in read_accounts("7").rows] == ["8"]
    with pytest.raises(InputError, match=r"EORG-7.*external ids need an E before them.*EORG-7 \| bulkops"):
        read_accounts("EORG-7")


def test_external_ids_that_differ_by_case_alone_are_refused() -> None:
    with pytest.raises(PlanError, match="ids, entry 3: Eorg-7 differs from EORG-7 in entry 1 only by case") as caught:
        from_values(["EORG-7", "EORG-8", "Eorg-7"], source="ids")
    assert "numeric id" in str(caught.value)


def test_people_call_an_account_by_a_column_of_the_file() -> None:
    rows = from_values(
        [{"id": 1, "name": "Ana", "customer": "Acme"}, {"id": 2, "name": "Otter", "customer": ""}, 3]
    ).rows
    assert [row.name for row in rows] == ["Acme", "Otter", ""]
    assert from_values([{"id": 1, "name": "Otter"}]).hash != from_values([1]).hash  # a column is a parameter too


def test_the_lines_of_a_report_are_an_account_file() -> None:
    lines = '{"account": "4100231", "outcome": "failed"}\n{"account": "EORG-7", "outcome": "failed"}\n'
    assert [row.account for row in read_accounts("-", stdin=io.StringIO(lines)).rows] == ["4100231", "EORG-7"]
    table = "account,outcome\n4100231,failed\n"
    assert [row.account for row in read_accounts("-", stdin=io.StringIO(table)).rows] == ["4100231"]
    named = read_accounts("-", stdin=io.StringIO("id,account\n1,Acme\n")).rows[0]
    assert (named.account, named.params) == ("1", {"account": "Acme"})  # whoever has an id is called by it


BAD = [
    ("missing.csv", None, "cannot read"),
    ("empty.csv", "", "has no accounts"),
    ("header.csv", "id,name\n", "has no accounts"),
    ("noid.csv", "name,plan\nx,y\n", "has no id"),
    ("row.csv", "id,name\n1,a\n,b\n", "row.csv, line 3: id and external_id are both missing"),
    ("wide.csv", "id,name\n1,a,b\n", "line 2: more cells"),
    ("long.csv", "id,name\n1,a\n2," + 200_000 * "x", "long.csv, line 3: field larger than field limit"),
    ("quote.csv", 'id,name\n1,"a\n', "quote.csv, line 2: unexpected end of data"),
    ("twice.csv", "id,id\n1,2\n", "has a duplicate column"),
    ("word.csv", "id\nabc\n", "line 2: 'abc' is neither"),
    ("float.csv", "id\n4100231.0\n", "neither a numeric id"),
    ("dup.csv", "id\n1\n2\n1\n", "line 4: account 1 is already in line 2"),
    ("bytes.txt", b"\xff\xfe1\x00", r"not UTF-8 text \(it seems to be UTF-16\)"),
    ("latin.csv", b"id,name\n1,Zo\xeb\n", r"not UTF-8 text \(byte 12\); .*CSV UTF-8"),
    ("book.xlsx", b"PK\x03\x04...", "workbook.*CSV UTF-8"),
    ("capital.csv", "ID,name\n1,a\n", "small letters"),
    ("object.json", '{"id": 1}', "not a list"),
    ("broken.json", "[{", "not valid JSON"),
    ("number.json", "[1.5]", "neither an account nor an id"),
    ("bool.json", "[true]", "neither an account nor an id"),
    ("deep.json", "[" * 100_000, "not valid JSON"),
    ("broken.jsonl", '{"id": 1}\n{"id": \n', "line 2"),
    ("empty.txt", "\n\n", "has no accounts"),
    ("mark.csv", b"\xef\xbb\xbf", "has no accounts"),
    ("ends.csv", b"\r\n\r\n\r\n", "has no accounts"),
    ("spaces.csv", "id\n1\n 1 \n", "line 3.*line 2"),
    ("zero.csv", "id\n7\n007\n", "line 3"),
    ("case.csv", "external_id\nORG-7\nOrg-8\norg-7\n", "line 4.*Eorg-7.*EORG-7 in line 2"),
    ("both.csv", "id,external_id\n7,ORG-7\n,ORG-7\n", "line 3.*EORG-7.*line 2"),
    ("e-id.csv", "id,external_id\nEORG-7,\n9,ORG-7\n", "line 3.*EORG-7.*line 2"),
    ("script.csv", "id\n7\n٧\n", "line 3"),
    ("formula.csv", 'id\n"=HYPERLINK(""http://evil"")"\n', "line 2"),
    ("formula-id.csv", "id\n@SUM(1)\n", "line 2"),
    ("negative.csv", "id\n-5\n", "line 2"),
    ("exponent.csv", "id\n4.10E+06\n", "line 2"),
    ("control.csv", b"id\n\x1b[2J\n", "line 2"),
    ("null.csv", b"id\n1\x002\n", "line"),
    ("digits.csv", "id\n" + "9" * 1000 + "\n", "line 2"),
    ("lists.json", "[[1]]", "entry 1"),
    ("null.json", "[null]", "entry 1"),
    ("true.json", '[{"id": true}]', "entry 1"),
    ("fraction.json", '[{"id": 1.5}]', "entry 1"),
    ("huge.json", "[" + "9" * 6000 + "]", "huge.json"),
    ("surrogate.json", '[{"id": "E\\ud800"}]', "entry 1"),
    ("hole.jsonl", '{"id": 4100231}\n{"email": "b@example.com"}\n', "line 2: id and external_id are both missing"),
    ("path.txt", "../../etc\n", "line 1"),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD, ids=[row[0] for row in BAD])
def test_bad_files_are_named_with_row_and_remedy(
    tmp_path: Path, name: str, content: str | bytes | None, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BulkopsError, match=words) as caught:
        read_accounts(path)
    assert name in str(caught.value)
    assert caught.value.remedy
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1500
    if isinstance(content, bytes):
        with pytest.raises(BulkopsError, match=words):
            read_accounts("/dev/fd/63", stdin=content)  # as from `<(cat FILE)`


def test_the_same_account_by_two_names_cannot_be_told_apart_but_equal_ones_are_refused() -> None:
    with pytest.raises(PlanError, match="already in entry 1"):
        from_values(["EORG-1", {"external_id": "ORG-1"}])


def test_the_hash_follows_accounts_parameters_and_order() -> None:
    one = from_values([{"id": 1, "plan": "a"}, 2])
    assert one.hash == from_values([{"id": "1", "plan": "a"}, "2"]).hash
    assert one.hash != from_values([2, {"id": 1, "plan": "a"}]).hash
    assert one.hash != from_values([{"id": 1, "plan": "b"}, 2]).hash


@given(st.text())
def test_no_text_crashes_the_reader(text: str) -> None:
    with contextlib.suppress(InputError, PlanError):
        inventory = read_accounts("-", stdin=io.StringIO(text))
        assert len({row.account for row in inventory.rows}) == len(inventory) > 0
