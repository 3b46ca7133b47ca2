"""What every HTML page needs: the template engine, the style sheet, and hashes for its Content-Security-Policy."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bulkops.errors import ConfigError
from bulkops.report.safe_text import inline

if TYPE_CHECKING:
    import jinja2


@cache
def page_environment(package: str) -> jinja2.Environment:
    """The engine for the templates of a package. Raises: ConfigError when jinja2 is not installed."""
    try:
        import jinja2  # noqa: PLC0415 - only the extra cli brings it
    except ImportError as error:
        raise ConfigError(
            "the HTML report needs jinja2, which is not installed", remedy='pip install "bulkops[cli]"'
        ) from error
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "templates"),
        autoescape=True,
        finalize=_shown,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def styled() -> dict[str, str]:
    """The style sheet, and its hash for the policy."""
    style = asset("style.css")
    return {"style": style, "style_hash": csp_hash(style)}


@cache
def asset(name: str) -> str:
    """A file of the pages' assets."""
    return (files("bulkops.report.html") / "assets" / name).read_text(encoding="utf-8")


def csp_hash(text: str) -> str:
    """What a Content-Security-Policy names an inline element by. Source: CSP Level 3, section 2.3.1."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(value: Any) -> Any:
    """Applied to every value in a template: names and messages from outside stay on one line."""
    return inline(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
