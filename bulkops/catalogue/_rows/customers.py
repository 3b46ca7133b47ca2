"""Customers of the partner, and the people who manage them. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.create                      POST   /api    /managed_users                                partner manage_customers  embedded.customers.create                 reconcile_first object        none json documented
  = Create a customer (a child workspace of the partner).
  > name* notification_email* external_id plan_id oauth_id origin_url frame_ancestors whitelisted_apps:str[] error_notification_emails admin_notification_emails task_limit_adjustment auth_settings:object environments:object
  ~ Get the customer by E and its external id; without one, list the customers and match name and notification_email.
managed_users.list                        GET    /api    /managed_users                                partner manage_customers  embedded.customers.other                  idempotent      list          page none documented
  = List all customers of the partner.
  ? page:int per_page:int
managed_users.get                         GET    /api    /managed_users/{managed_user_id}              partner manage_customers  embedded.customers.other                  idempotent      object        none none documented
  = Fetch one customer.
managed_users.update                      PUT    /api    /managed_users/{managed_user_id}              partner manage_customers  embedded.customers.other                  safe_to_retry   object        none json documented
  = Update a customer; only the properties present in the body change, null clears one.
  > name notification_email external_id plan_id oauth_id origin_url frame_ancestors whitelisted_apps:str[] error_notification_emails admin_notification_emails task_limit_adjustment auth_settings:object environments:object
  % Older pages require name and notification_email; every field is optional now.
managed_users.delete                      DELETE /api    /managed_users/{managed_user_id}              partner manage_customers  embedded.customers.other                  safe_to_retry   object?       none none documented
  = Delete a customer.
  % One version of the API reference marks this call deprecated; the Manage customers page does not.
managed_users.upgrade                     PUT    /api    /managed_users/{managed_user_id}/upgrade      partner manage_customers  embedded.customers.other                  safe_to_retry   object        none json documented
  = Move a customer from trial or free to a paid plan.
  > plan_id
  ! managed_users.update with plan_id
managed_users.downgrade                   PUT    /api    /managed_users/{managed_user_id}/downgrade    partner manage_customers  embedded.customers.other                  safe_to_retry   object        none none documented
  = Move a customer to the free plan.
  ! managed_users.update with plan_id
managed_users.usage                       GET    /api    /managed_users/usage                          partner manage_customers  embedded.customers.usage                  idempotent      list?         none none documented
  = Monthly task usage of all customers.
  ? page:int per_page:int
managed_users.statistics_usage            POST   /api/v2 /managed_users/statistics/usage               partner manage_customers  embedded.customers.usage                  idempotent      result_items? none json documented
  = Usage metrics (tasks, recipe counts, succeeded and failed jobs) for chosen customer workspaces in a time frame.
  > managed_user_ids:int[] from to
managed_users.statistics_connection_usage POST   /api/v2 /managed_users/statistics/connection_usage    partner manage_customers  embedded.customers.usage                  idempotent      result_items? none json documented
  = Connection-based usage metrics for chosen customer workspaces.
  > managed_user_ids:int[] from to
managed_users.environments.create         POST   /api    /managed_users/{managed_user_id}/environments partner manage_customers  embedded.customers.provision_environments reconcile_first object?       none json documented
  = Provision DEV/TEST/PROD environments for an existing customer.
  > environments:object
  ~ Get the customer: an environments member means it happened. It cannot be undone.
customer_managers.list                    GET    /api    /customer_managers                            partner customer_managers embedded.customer_managers                idempotent      result_items  none none documented
  = List customer managers.
customer_managers.create                  POST   /api    /customer_managers                            partner customer_managers embedded.customer_managers                reconcile_first result        none json documented
  = Make a collaborator a customer manager.
  > team_collaborator_id* role_id* permitted_workspace_ids:int[]
  ~ List and match user.id = team_collaborator_id.
customer_managers.update                  PUT    /api    /customer_managers/{customer_manager_id}      partner customer_managers embedded.customer_managers                safe_to_retry   result        none json documented
  = Change a customer manager's role and workspaces.
  / customer_manager_id
  > role_id* permitted_workspace_ids:int[]
customer_managers.delete                  DELETE /api    /customer_managers/{customer_manager_id}      partner customer_managers embedded.customer_managers                safe_to_retry   result        none none documented
  = Remove a customer manager.
  / customer_manager_id
"""  # noqa: E501 - a table
