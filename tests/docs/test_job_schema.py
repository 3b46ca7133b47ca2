"""The schema that editors check a job file with says what the loader says."""

from __future__ import annotations

import json
import tomllib

import jsonschema
import pytest

from docs import job_schema
from tests.acceptance.test_job_mistakes import GOOD, MISTAKES

SCHEMA = json.loads(job_schema.schema())
SHAPES = ("unknown table", "unknown key", "wrong type", "unknown operation", "missing parameter", "unknown parameter")


def test_a_good_job_fits() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(tomllib.loads(GOOD), SCHEMA)


@pytest.mark.parametrize("name", SHAPES)
def test_mistakes_of_shape_do_not(name: str) -> None:
    old, new, *_ = MISTAKES[name]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(GOOD.replace(old, new, 1)), SCHEMA)
