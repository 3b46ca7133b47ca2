"""What the vendor's documents leave open, as one value: each point with the answers that are conceivable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import attrs

from bulkops.close_match import did_you_mean
from bulkops.errors import ConfigError
from bulkops.sandbox.deviations import check_deviations
from bulkops.toml import read_toml

_CHOICES: Final = "choices"
_ABOUT: Final = "about"
_BY_CALL: Final = "by call"
_OF_CLIENTS: Final = "client"
"""A table of the file for `bulkops run`, which the sandbox leaves alone."""


def _one_of(default: Any, *others: Any, about: str) -> Any:
    """A member that is one of a few values."""
    return attrs.field(default=default, metadata={_CHOICES: (default, *others), _ABOUT: about})


def _count(default: int, *, about: str) -> Any:
    """A member that is a whole number above 0."""
    return attrs.field(default=default, metadata={_ABOUT: about})


def _by_call(*, about: str) -> Any:
    """A table: catalogue ids, and what differs in the replies to each."""
    return attrs.field(factory=dict, metadata={_BY_CALL: True, _ABOUT: about})


@attrs.frozen(kw_only=True)
class Assumptions:
    """Each member is one open question (marked A in vendor facts, section 17 above all); its default is the likeliest.

    Statuses are numbers, everything else is a word. `envelopes`, `page_sizes` and `members` are tables by call.
    """

    # who may do what
    missing_right: int = _one_of(403, 401, about="A good token whose API client has no right to the call.")
    foreign_customer: int = _one_of(404, 403, about="A customer id, by number, that is not this partner's.")
    duplicate_external_id: int = _one_of(
        400, 409, 422, about="Create or rename a customer, member or connection with an external id already in use."
    )

    error_body: str = _one_of(
        "message",
        "error",
        "errors",
        about="How a refusal by a call of 2026 is worded: message, error with error_type, or a list of errors.",
    )
    correlation_id: str = _one_of(
        "echoed", "own", "none", about="The X-Correlation-Id of an answer: the request's, one of the server, or none."
    )
    e_ids: bool = _one_of(True, False, about="Whether E and the partner's own id address a customer.")

    # limits
    throttle_body: str = _one_of("json", "html", "empty", about="What a 429 says.")
    retry_after: str = _one_of(
        "seconds", "date", about="How a 429 says when to come back, unless --no-retry-after keeps it silent."
    )
    rate_limit_headers: str = _one_of(
        "none",
        "X-Rate-Limit",
        "X-RateLimit",
        about="How the headers ...-Limit, -Remaining and -Reset on each answer of a call with a limit begin.",
    )
    import_limit_per: str = _one_of(
        "customer", "partner", about="Whose workspace the 500 imports an hour are counted for."
    )
    unstated_per_minute: int = _count(60, about="The limit of each group of calls without a published figure.")

    # imports
    import_over_running: str = _one_of(
        "failed",
        "refused",
        about="A package over running recipes without restart_recipes: fails later, or 400.",
    )
    bad_zip: str = _one_of("failed", "refused", about="A body that is not a package: fails later, or 400 at once.")
    missing_connector: str = _one_of(
        "failed",
        "refused",
        about="A package with a custom connector that is not shared with the customers: fails later, or 400 at once.",
    )
    second_import: str = _one_of(
        "queued", "refused", about="An import while the customer's last one runs: waits for its turn, or 400."
    )
    unknown_folder: int = _one_of(404, 400, 422, about="An import into a folder that does not exist.")
    home_assets: str = _one_of(
        "accepted",
        "refused",
        about="A package with assets for Home, without folder_id_for_home_assets: they go Home, or 422.",
    )
    import_reply: str = _one_of(
        "in_progress", "completed", about="Whether an import is still to be polled for, or over within its own reply."
    )
    running_state: str = _one_of(
        "in_progress", "processing", about="What a package on its way is called; the vendor's documents have both."
    )
    recipe_status: bool = _one_of(True, False, about="Whether the status of a customer's import names its recipes.")
    untouched_result: str = _one_of(
        "no_update_or_updated_without_restart",
        "no_update_or_update_without_restart",
        about="How the import result of a recipe that needed no restart is spelled.",
    )
    file_lifetime_s: int = _count(3600, about="How long a download_url is good for, in the vendor's seconds.")

    # recipes and the API platform
    start_running: str = _one_of(
        "success", "refused", about="Start a running recipe, stop a stopped one: already so, or 400."
    )
    running_recipe_update: int = _one_of(400, 200, 422, about="Update a running recipe; success is false either way.")
    config_errors: str = _one_of("nested", "text", about="How a recipe that cannot start lists its config_errors.")
    enable_stopped: int = _one_of(400, 422, about="Enable an endpoint whose recipe is stopped.")
    v1_api_clients: str = _one_of(
        "served", "404", "410", about="API clients and access profiles of version 1: served, or switched off."
    )
    nested_access_profiles: str = _one_of(
        "served", "404", about="Create an access profile under its client's address, as the guide prints it."
    )
    inferred_calls: str = _one_of(
        "served", "404", about="Calls that no page of the vendor prints and that only analogy suggests."
    )

    # connections, folders, properties
    bad_credentials: str = _one_of(
        "answer",
        "refused",
        about='Credentials that the application refuses: 200 with authorization_status "failed", or 400.',
    )
    connection_in_use: int = _one_of(
        400, 403, 409, about="Delete or disconnect a connection that is active or that running recipes use."
    )
    home_folders: str = _one_of(
        "projects", "mixed", about="The folders directly under Home: all are projects, or all but the oldest one."
    )
    folder_not_empty: int = _one_of(403, 400, about="Delete a folder with something in it, without force.")
    empty_prefix: int = _one_of(
        200, 400, 422, about="List properties whose names begin with an empty text: all of them, or refused."
    )
    properties_upsert: str = _one_of(
        "success", "saved_property_count", about="What setting properties answers; the latter is the form of 2020."
    )

    # the form of answers
    single_objects: str = _one_of(
        "catalogue",
        "bare",
        "result",
        about="The wrapper of a customer's single recipe, job, folder, export, upsert.",
    )
    assumed_wrappers: str = _one_of(
        "catalogue",
        "bare",
        "result",
        "data",
        about="The wrapper of every other answer that no page of the vendor shows.",
    )
    members_list: str = _one_of("data", "bare", "result", about="The wrapper of a customer's list of members.")
    recipes_list: str = _one_of("result", "items", about="The wrapper of a customer's list of recipes.")
    properties_list: str = _one_of("map", "pairs", about="A customer's properties: {name: value}, or [{name, value}].")
    success_spelling: str = _one_of("success", "Success", about="How the bare verdict of a change is spelled.")

    large_page: str = _one_of("cut", "refused", "served", about="A list asked for pages of more than its most rows.")
    envelopes: Mapping[str, str] = _by_call(about="The wrapper of a call's reply, in the catalogue's words.")
    page_sizes: Mapping[str, int] = _by_call(about="The most rows that a page of a list has.")
    members: Mapping[str, Mapping[str, str]] = _by_call(
        about='Members of a call\'s rows: "missing", or the JSON type that they have instead.'
    )

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(type(self)):
            _check(field, getattr(self, field.name), source="assumptions")

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, source: str = "assumptions") -> Self:
        """Raises: ConfigError naming `source`, the key, and what it may be."""
        known = attrs.fields_dict(cls)
        data = {name: value for name, value in data.items() if name != _OF_CLIENTS}
        for name, value in data.items():
            if name not in known:
                hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
                raise ConfigError(f"{source}: assumption {name!r} does not exist", remedy=hint)
            _check(known[name], value, source=source)
        return cls(**data)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a TOML file with a line for each assumption that is to differ. Raises: ConfigError."""
        return cls.from_mapping(read_toml(path, "the assumptions file"), source=str(path))

    @classmethod
    def table(cls) -> list[tuple[str, tuple[Any, ...], str]]:
        """Each assumption with its choices, the default first (alone for a number), and what it is about; without the
        tables by call."""
        return [
            (field.name, field.metadata.get(_CHOICES, (field.default,)), field.metadata[_ABOUT])
            for field in attrs.fields(cls)
            if _BY_CALL not in field.metadata
        ]


def _check(field: attrs.Attribute[Any], value: object, *, source: str) -> None:
    choices = field.metadata.get(_CHOICES)
    if _BY_CALL in field.metadata:
        check_deviations(field.name, value, source=source)
    elif choices is None:
        if type(value) is not int or value < 1:
            raise ConfigError(
                f"{source}: {field.name} must be a whole number above 0, not {value!r}", remedy="correct the value"
            )
    elif not any(type(value) is type(choice) and value == choice for choice in choices):
        listed = ", ".join(in_toml(choice) for choice in choices)
        raise ConfigError(f"{source}: {field.name} must be one of {listed}, not {value!r}", remedy="correct the value")


def in_toml(value: object) -> str:
    """A value as the file spells it."""
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
