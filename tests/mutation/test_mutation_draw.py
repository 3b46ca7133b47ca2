"""The sample of mutations: repeatable, each one compiles, none where nothing is evaluated."""

from __future__ import annotations

import ast

import pytest

pytest.importorskip("cosmic_ray", reason="only make mutation-sample installs it")

from tests.mutation.draw import ROOT, draw


def test_a_seed_draws_the_same_mutations_and_a_larger_count_continues_them() -> None:
    assert draw(1, 5) == draw(1, 5) == draw(1, 20)[:5]
    assert draw(1, 5) != draw(2, 5)


def test_each_mutation_is_another_program() -> None:
    for mutation in draw(3, 40):
        source = (ROOT / mutation.file).read_text(encoding="utf-8")
        assert ast.dump(ast.parse(mutation.apply(source))) != ast.dump(ast.parse(source)), mutation.key
