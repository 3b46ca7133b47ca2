"""A declared field: what a person reads of it, and which values it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import attrs
import pytest

from bulkops.errors import ConfigError
from bulkops.operations import OPERATIONS
from bulkops.parameters import check_choices, parameter, parameters_of, values_for
from bulkops.runs import load_job


@attrs.frozen(kw_only=True)
class Trip:
    where_to: str = attrs.field(metadata=parameter("Town.", key="town", template=True))
    people: int = attrs.field(default=2, metadata=parameter("How many."))
    speed: float | None = attrs.field(default=0.5, metadata=parameter("How fast.", metavar="N|off", off=True))
    rest_s: float = attrs.field(default=0.0, metadata=parameter("Wait.", flag="", duration=True))
    by: Literal["car", "train", "ship"] = attrs.field(
        default="car", metadata=parameter("Vehicle.", choices=("car", "train", "ship"))
    )
    with_dog: bool = attrs.field(default=False, metadata=parameter("A dog too."))
    stops: tuple[str, ...] = attrs.field(default=(), metadata=parameter("Stops.", flag="-s/--stop"))
    own: str = "not declared"


DECLARED = {one.name: one for one in parameters_of(Trip)}


def test_what_a_field_says_once_is_there_for_command_and_job_file() -> None:
    assert [(one.key, one.flags, one.kinds) for one in DECLARED.values()] == [
        ("town", ("--town",), ("str",)),
        ("people", ("--people",), ("int",)),
        ("speed", ("--speed",), ("float", "str")),
        ("rest_s", (), ("float", "str")),
        ("by", ("--by",), ("str",)),
        ("with_dog", ("--with-dog",), ("bool",)),
        ("stops", ("-s", "--stop"), ("list",)),
    ]
    assert [name for name, one in DECLARED.items() if one.is_required] == ["where_to"]
    assert [one.default_words for one in DECLARED.values()] == [None, "2", "0.5", "0", "car", None, None]
    assert parameters_of(int) == ()


def test_a_value_that_is_no_choice_is_refused_with_the_choices() -> None:
    check_choices(Trip(where_to="Rome", by="ship"))
    with pytest.raises(ConfigError, match="by must be 'car', 'train' or 'ship', not 'foot'; use car, train or ship"):
        check_choices(Trip(where_to="Rome", by="foot"))  # type: ignore[arg-type]


def test_off_is_none_and_what_is_not_given_is_left_to_the_default() -> None:
    given = {"town": "Rome", "speed": "off", "people": None, "color": "red"}
    assert values_for(Trip, given) == {"where_to": "Rome", "speed": None}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_built_in_operation_declares_each_field_that_it_takes(name: str) -> None:
    cls = OPERATIONS[name]
    taken = [field.name for field in attrs.fields(cls) if field.init]  # type: ignore[arg-type]
    assert [one.name for one in parameters_of(cls)] == taken
    assert cls.examples


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            'name = "Ana"\nrole = "Admin"\n  via = "mail"',
            "line 5, column 3",
            "via must be 'members' or 'member', not 'mail'",
        ),
        ('name = "{who"\nrole = "Admin"', "line 3, column 1", "braces without a column name"),
        ('name = "Ana"\nrole = " "', "line 4, column 1", "role is empty"),
    ],
)
def test_a_wrong_value_in_a_job_file_is_pointed_at(tmp_path: Path, text: str, place: str, words: str) -> None:
    job = tmp_path / "job.toml"
    job.write_text(f'[[operation]]\nuse = "add-member"\n{text}\n')
    with pytest.raises(ConfigError, match=words) as caught:
        load_job(str(job))
    assert f"job.toml, {place}: " in str(caught.value)
