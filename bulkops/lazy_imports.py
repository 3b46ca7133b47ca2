"""`lazily`: the public names of a package, each imported on its first use."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache


def lazily(package: str, file: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """What finds a name of a package, and what lists them. The names are those that `file`, the package's own source,
    imports in its `if TYPE_CHECKING:` block: one list, for people, type checkers and this.

        if TYPE_CHECKING:
            from package.module import Name as Name
        else:
            __getattr__, __dir__ = lazily(__name__, __file__)
    """

    @cache
    def modules() -> dict[str, str]:
        """By name: the module that has it; of a module, the package."""
        import ast  # noqa: PLC0415 - here and below: only where a name is used
        from pathlib import Path  # noqa: PLC0415

        blocks = [node for node in ast.parse(Path(file).read_text(encoding="utf-8")).body if isinstance(node, ast.If)]
        return {
            alias.name: str(statement.module)
            for block in blocks
            if isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
            for statement in block.body
            if isinstance(statement, ast.ImportFrom)
            for alias in statement.names
        }

    def get(name: str) -> object:
        if name == "__all__":
            return names()
        module = None if name.startswith("_") else modules().get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415

        thing = import_module(f"{package}.{name}") if module == package else getattr(import_module(module), name)
        setattr(sys.modules[package], name, thing)
        return thing

    def names() -> list[str]:
        return sorted(modules())

    return get, names
