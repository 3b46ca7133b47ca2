"""Custom connectors and custom OAuth profiles.

The format is in `bulkops.catalogue._parse_calls`.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.custom_oauth_profiles.assign   POST   /api /managed_users/{managed_user_id}/custom_oauth_profiles/{custom_oauth_profile_id}/assign   customer custom_oauth_profiles embedded.custom_oauth_profiles  safe_to_retry   result    none none documented
  = Assign a custom OAuth profile of the partner to a customer.
managed_users.custom_oauth_profiles.unassign DELETE /api /managed_users/{managed_user_id}/custom_oauth_profiles/{custom_oauth_profile_id}/unassign customer custom_oauth_profiles embedded.custom_oauth_profiles  safe_to_retry   result    none none documented
  = Take a custom OAuth profile away from a customer.
  ? force:bool
  + Without force a profile in use is refused.
custom_oauth_profiles.list                   GET    /api /custom_oauth_profiles                                                                    partner  custom_oauth_profiles developer.custom_oauth_profiles idempotent      list      page none documented
  = List custom OAuth profiles.
  ? page:int per_page:int
custom_oauth_profiles.get                    GET    /api /custom_oauth_profiles/{custom_oauth_profile_id}                                          partner  custom_oauth_profiles developer.custom_oauth_profiles idempotent      result?   none none documented
  = Fetch one custom OAuth profile.
custom_oauth_profiles.create                 POST   /api /custom_oauth_profiles                                                                    partner  custom_oauth_profiles developer.custom_oauth_profiles reconcile_first result?   none json documented
  = Create a custom OAuth profile.
  > name* provider* data*:object
  ~ List and match name + provider.
custom_oauth_profiles.update                 PUT    /api /custom_oauth_profiles/{custom_oauth_profile_id}                                          partner  custom_oauth_profiles developer.custom_oauth_profiles safe_to_retry   result?   none json documented
  = Replace a custom OAuth profile.
  > name* provider* data*:object
  + Secrets are never returned: send the whole body.
custom_oauth_profiles.delete                 DELETE /api /custom_oauth_profiles/{custom_oauth_profile_id}                                          partner  custom_oauth_profiles developer.custom_oauth_profiles safe_to_retry   result?   none none documented
  = Delete a custom OAuth profile.
custom_connectors.get                        GET    /api /custom_connectors/{connector_id}                                                         partner  connectors            embedded.custom_connectors      idempotent      result?   none none documented
  = Fetch one custom connector.
custom_connectors.oem_share                  POST   /api /custom_connectors/{connector_id}/oem_share/{version}                                     partner  connectors            embedded.custom_connectors      safe_to_retry   result?   none none documented
  = Share a connector version with all customers, or move the share to that version.
custom_connectors.suppress_oem_version       DELETE /api /custom_connectors/{connector_id}/suppress_oem_version                                    partner  connectors            embedded.custom_connectors      safe_to_retry   result?   none none documented
  = Stop sharing a connector with the customers.
managed_users.recipes.share                  POST   /api /managed_users/{managed_user_id}/recipes/{recipe_id}/share                                customer connectors            embedded.custom_connectors      reconcile_first result?   none none documented
  = Share a recipe that uses a custom connector.
  ~ Body and reply not captured; look for an existing share first.
custom_connectors.create                     POST   /api /custom_connectors                                                                        partner  connectors            developer.custom_connectors     reconcile_first object?   none json documented
  = Create a custom connector from source code.
  > title* code* description note
  ~ Search by title and match exactly; two connectors may carry one title.
  + The new version is not released.
custom_connectors.update                     PUT    /api /custom_connectors/{connector_id}                                                         partner  connectors            developer.custom_connectors     reconcile_first object?   none json documented
  = Store a new version of a custom connector.
  > code* title description note
  ~ Each call cuts a new version: compare the code of the latest version first.
custom_connectors.release                    POST   /api /custom_connectors/{connector_id}/release                                                 partner  connectors            developer.custom_connectors     safe_to_retry   object?   none none documented
  = Release the latest version.
  + 400 with "already" in its message when the latest version is released.
custom_connectors.share                      POST   /api /custom_connectors/{connector_id}/share                                                   partner  connectors            developer.custom_connectors     safe_to_retry   object?   none none documented
  = Share the latest version.
custom_connectors.search                     GET    /api /custom_connectors/search                                                                 partner  connectors            developer.custom_connectors     idempotent      data_list none none documented
  = Find custom connectors by title.
  ? title*
  + name is a key made for each workspace: never compare it across workspaces.
sdk.generate_schema_json                     POST   /api /sdk/generate_schema/json                                                                 partner  connectors            assumed.partner.connectors      idempotent      array?    none json documented
  = Derive a connector schema from sample JSON.
  > sample*
sdk.generate_schema_csv                      POST   /api /sdk/generate_schema/csv                                                                  partner  connectors            assumed.partner.connectors      idempotent      array?    none json documented
  = Derive a connector schema from sample CSV.
  > sample* col_sep
"""  # noqa: E501 - a table
