"""Usage of the customers: tasks by month, metrics of chosen ones; in inferred shapes (vendor facts, section 17.13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from bulkops.sandbox.customers import Customer
from bulkops.sandbox.handlers._base import answers
from bulkops.sandbox.request import ApiRequest, instant

_OF_CONNECTIONS: Final = ("active_connection_count", "active_connection_limit")


@answers("managed_users.usage", row="Usage")
def usage(request: ApiRequest) -> list[dict[str, Any]]:
    """Of all customers in one reply; of a page of them when the query asks for one."""
    by_page = {"page", "per_page"} & set(request.query)
    customers = request.state.customers.page(*request.page()) if by_page else request.state.customers.all()
    now = datetime.fromisoformat(request.state.clock.stamp())
    return [
        {
            "id": customer.id,
            "external_id": customer.external_id,
            "usage": [{"year": now.year, "month": now.month, "task_count": customer.row()["task_count"]}],
        }
        for customer in customers
    ]


@answers("managed_users.statistics_usage", row="Statistic")
def statistics(request: ApiRequest) -> list[dict[str, Any]]:
    """Of the customers that the body names, of all when it names none. One that is not there is left out."""
    _check_time_frame(request)
    return [_metrics(customer) for customer in _chosen(request)]


@answers("managed_users.statistics_connection_usage", row="Statistic")
def connection_statistics(request: ApiRequest) -> list[dict[str, Any]]:
    """The same, and what there is of connections."""
    _check_time_frame(request)
    return [
        _metrics(customer) | {name: customer.row()[name] for name in _OF_CONNECTIONS} for customer in _chosen(request)
    ]


def _metrics(customer: Customer) -> dict[str, Any]:
    row, workspace = customer.row(), customer.workspace
    return {
        "managed_user_id": customer.id,
        "task_count": row["task_count"],
        "active_recipe_count": row["active_recipe_count"],
        "job_succeeded_count": workspace.count_jobs("succeeded"),
        "job_failed_count": workspace.count_jobs("failed"),
    }


def _chosen(request: ApiRequest) -> list[Customer]:
    if "managed_user_ids" not in request.given:
        return list(request.state.customers.all())
    found = (request.state.customers.find(str(each)) for each in request.given["managed_user_ids"])
    return [customer for customer in found if customer is not None]


def _check_time_frame(request: ApiRequest) -> None:
    """Whatever was counted was counted today: the time frame is only checked."""
    for name in ("from", "to"):
        if request.given.get(name) is not None:
            instant(request.given[name], name)
