"""API collections, endpoints, clients, keys and access profiles. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.api_collections.list               GET    /api    /managed_users/{managed_user_id}/api_collections                                                  customer api_platform embedded.api_platform.collections     idempotent      list       page none documented
  = List API collections.
  ? page:int per_page:int
managed_users.api_collections.create             POST   /api    /managed_users/{managed_user_id}/api_collections                                                  customer api_platform embedded.api_platform.collections     reconcile_first result?    none json documented
  = Create an API collection, optionally generated from an OpenAPI document.
  > name* project_id:int proxy_connection_id:int openapi_spec:object
  ~ List collections and match name + project_id.
managed_users.api_endpoints.list                 GET    /api    /managed_users/{managed_user_id}/api_endpoints                                                    customer api_platform embedded.api_platform.endpoints       idempotent      list       page none documented
  = List API endpoints, all or of one collection.
  ? api_collection_id page:int per_page:int
managed_users.api_endpoints.enable               PUT    /api    /managed_users/{managed_user_id}/api_endpoints/{api_endpoint_id}/enable                           customer api_platform embedded.api_platform.endpoints       safe_to_retry   object?    none none documented
  = Enable an API endpoint; its recipe must be running.
managed_users.api_endpoints.disable              PUT    /api    /managed_users/{managed_user_id}/api_endpoints/{api_endpoint_id}/disable                          customer api_platform embedded.api_platform.endpoints       safe_to_retry   object?    none none documented
  = Disable an API endpoint.
managed_users.api_clients.list                   GET    /api    /managed_users/{managed_user_id}/api_clients                                                      customer api_platform embedded.api_platform.clients         idempotent      list       none none documented
  = List API platform clients (v1).
  ! managed_users.api_clients_v2.list
managed_users.api_clients.create                 POST   /api    /managed_users/{managed_user_id}/api_clients                                                      customer api_platform embedded.api_platform.clients         reconcile_first result     none json documented
  = Create an API platform client (v1).
  ? project_id
  > name*
  ! managed_users.api_clients_v2.create
  ~ List API clients and match the name.
managed_users.api_clients_v2.list                GET    /api/v2 /managed_users/{managed_user_id}/api_clients                                                      customer api_platform embedded.api_platform.clients         idempotent      data_list? page none documented
  = List API platform clients (v2).
  ? project_id:int cert_bundle_ids:int[] page:int per_page:int
managed_users.api_clients_v2.create              POST   /api/v2 /managed_users/{managed_user_id}/api_clients                                                      customer api_platform embedded.api_platform.clients         reconcile_first data?      none json documented
  = Create an API platform client with its collections and auth method (v2).
  > name* api_collection_ids*:int[] auth_type* project_id:int description api_portal_id:int email api_policy_id:int jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[] mtls_enabled:bool validation_formula cert_bundle_ids:int[]
  ~ List v2 clients and match the name (and project_id).
managed_users.api_clients_v2.get                 GET    /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}                                      customer api_platform embedded.api_platform.clients         idempotent      data?      none none documented
  = Fetch an API platform client (v2).
managed_users.api_clients_v2.update              PUT    /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}                                      customer api_platform embedded.api_platform.clients         safe_to_retry   data?      none json documented
  = Update an API platform client (v2).
  > name api_collection_ids:int[] auth_type project_id:int description api_portal_id:int email api_policy_id:int jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[] mtls_enabled:bool validation_formula cert_bundle_ids:int[]
managed_users.api_clients_v2.delete              DELETE /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}                                      customer api_platform embedded.api_platform.clients         safe_to_retry   object?    none none documented
  = Delete an API platform client (v2).
managed_users.api_access_profiles.list           GET    /api    /managed_users/{managed_user_id}/api_access_profiles                                              customer api_platform embedded.api_platform.access_profiles idempotent      list?      page none documented
  = List access profiles, all or of one client.
  ? api_client_id page:int per_page:int
  ! managed_users.api_keys.list
managed_users.api_access_profiles.create         POST   /api    /managed_users/{managed_user_id}/api_access_profiles                                              customer api_platform embedded.api_platform.access_profiles reconcile_first result?    none json documented
  = Create an access profile for an API client.
  ? api_client_id
  > name* api_collection_ids*:int[] active*:bool auth_type* ip_allow_list:str[] jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[]
  ! managed_users.api_keys.create
  ~ List profiles of the client and match the name; the secret of a lost reply can only be replaced with refresh_secret.
managed_users.api_access_profiles.update         PUT    /api    /managed_users/{managed_user_id}/api_access_profiles/{api_access_profile_id}                      customer api_platform embedded.api_platform.access_profiles safe_to_retry   result?    none json documented
  = Update an access profile, e.g. its collection list.
  > name* api_collection_ids*:int[] active*:bool auth_type* ip_allow_list:str[] jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[]
  ! managed_users.api_keys.update / api_clients_v2.update
managed_users.api_access_profiles.enable         PUT    /api    /managed_users/{managed_user_id}/api_access_profiles/{api_access_profile_id}/enable               customer api_platform embedded.api_platform.access_profiles safe_to_retry   object?    none none documented
  = Enable an access profile.
  ! managed_users.api_keys.enable
managed_users.api_access_profiles.disable        PUT    /api    /managed_users/{managed_user_id}/api_access_profiles/{api_access_profile_id}/disable              customer api_platform embedded.api_platform.access_profiles safe_to_retry   object?    none none documented
  = Disable an access profile.
  ! managed_users.api_keys.disable
managed_users.api_access_profiles.refresh_secret PUT    /api    /managed_users/{managed_user_id}/api_access_profiles/{api_access_profile_id}/refresh_secret       customer api_platform embedded.api_platform.access_profiles reconcile_first result?    none none documented
  = Rotate the token or OAuth secret of an access profile.
  ! managed_users.api_keys.refresh_secret
  ~ Each call invalidates the previous secret; after a lost reply call once more and use only the newest.
managed_users.api_keys.list                      GET    /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}/api_keys                             customer api_platform embedded.api_platform.clients         idempotent      data_list? page none documented
  = List API keys of a client.
  ? page:int per_page:int
managed_users.api_keys.create                    POST   /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}/api_keys                             customer api_platform embedded.api_platform.clients         reconcile_first data?      none json documented
  = Create an API key for a client.
  > name* active*:bool ip_allow_list:str[] ip_deny_list:str[]
  ~ List keys and match the name; if found use refresh_secret to obtain a usable token.
managed_users.api_keys.update                    PUT    /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}/api_keys/{api_key_id}                customer api_platform embedded.api_platform.clients         safe_to_retry   data?      none json documented
  = Update an API key.
  > name active:bool ip_allow_list:str[] ip_deny_list:str[]
managed_users.api_keys.enable                    PUT    /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}/api_keys/{api_key_id}/enable         customer api_platform embedded.api_platform.clients         safe_to_retry   data?      none none documented
  = Enable an API key.
managed_users.api_keys.disable                   PUT    /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}/api_keys/{api_key_id}/disable        customer api_platform embedded.api_platform.clients         safe_to_retry   data?      none none documented
  = Disable an API key.
managed_users.api_keys.refresh_secret            PUT    /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}/api_keys/{api_key_id}/refresh_secret customer api_platform embedded.api_platform.clients         reconcile_first data?      none none documented
  = Rotate an API key's token or secret.
  ~ Each call invalidates the previous secret; use only the newest reply.
managed_users.api_keys.delete                    DELETE /api/v2 /managed_users/{managed_user_id}/api_clients/{api_client_id}/api_keys/{api_key_id}                customer api_platform embedded.api_platform.clients         safe_to_retry   object?    none none inferred
  = Delete an API key.
managed_users.api_access_profiles.create_nested  POST   /api    /managed_users/{managed_user_id}/api_clients/{api_client_id}/api_access_profiles                  customer api_platform embedded.api_platform.access_profiles reconcile_first result?    none json documented
  = Create an access profile under a client (nested form shown in the enablement guide).
  > name* api_collection_ids*:int[] active*:bool auth_type* ip_allow_list:str[] jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[]
  ! managed_users.api_keys.create
  ~ List profiles with api_client_id and match the name.
managed_users.api_portals.list                   GET    /api    /managed_users/{managed_user_id}/api_portals                                                      customer api_platform embedded.api_platform.portals         idempotent      list?      page none inferred
  = List API portals of a customer workspace.
  ? page:int per_page:int
api_collections.list                             GET    /api    /api_collections                                                                                  partner  api_platform developer.api_platform                idempotent      array      page none documented
  = List API collections.
  ? page:int per_page:int
api_collections.create                           POST   /api    /api_collections                                                                                  partner  api_platform developer.api_platform                reconcile_first object     none json documented
  = Create an API collection, optionally generated from an OpenAPI document.
  > name* project_id:int proxy_connection_id:int openapi_spec:object
  ~ List collections and match name + project_id.
api_endpoints.list                               GET    /api    /api_endpoints                                                                                    partner  api_platform developer.api_platform                idempotent      array      page none documented
  = List API endpoints, all or of one collection.
  ? api_collection_id page:int per_page:int
api_endpoints.enable                             PUT    /api    /api_endpoints/{api_endpoint_id}/enable                                                           partner  api_platform developer.api_platform                safe_to_retry   object     none none documented
  = Enable an API endpoint; its recipe must be running.
api_endpoints.disable                            PUT    /api    /api_endpoints/{api_endpoint_id}/disable                                                          partner  api_platform developer.api_platform                safe_to_retry   object     none none documented
  = Disable an API endpoint.
api_clients.list                                 GET    /api    /api_clients                                                                                      partner  api_platform developer.api_platform                idempotent      array      none none documented
  = List API platform clients (v1).
  ! api_clients_v2.list
api_clients.create                               POST   /api    /api_clients                                                                                      partner  api_platform developer.api_platform                reconcile_first object     none json documented
  = Create an API platform client (v1).
  ? project_id
  > name*
  ! api_clients_v2.create
  ~ List API clients and match the name.
api_clients_v2.list                              GET    /api/v2 /api_clients                                                                                      partner  api_platform developer.api_platform                idempotent      data_list  page none documented
  = List API platform clients (v2).
  ? project_id:int cert_bundle_ids:int[] page:int per_page:int
api_clients_v2.create                            POST   /api/v2 /api_clients                                                                                      partner  api_platform developer.api_platform                reconcile_first data       none json documented
  = Create an API platform client with its collections and auth method (v2).
  > name* api_collection_ids*:int[] auth_type* project_id:int description api_portal_id:int email api_policy_id:int jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[] mtls_enabled:bool validation_formula cert_bundle_ids:int[]
  ~ List v2 clients and match the name (and project_id).
api_clients_v2.get                               GET    /api/v2 /api_clients/{api_client_id}                                                                      partner  api_platform developer.api_platform                idempotent      data       none none documented
  = Fetch an API platform client (v2).
api_clients_v2.update                            PUT    /api/v2 /api_clients/{api_client_id}                                                                      partner  api_platform developer.api_platform                safe_to_retry   data       none json documented
  = Update an API platform client (v2).
  > name api_collection_ids:int[] auth_type project_id:int description api_portal_id:int email api_policy_id:int jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[] mtls_enabled:bool validation_formula cert_bundle_ids:int[]
api_clients_v2.delete                            DELETE /api/v2 /api_clients/{api_client_id}                                                                      partner  api_platform developer.api_platform                safe_to_retry   object?    none none documented
  = Delete an API platform client (v2).
api_access_profiles.list                         GET    /api    /api_access_profiles                                                                              partner  api_platform developer.api_platform                idempotent      array      page none documented
  = List access profiles, all or of one client.
  ? api_client_id page:int per_page:int
  ! api_keys.list
api_access_profiles.create                       POST   /api    /api_access_profiles                                                                              partner  api_platform developer.api_platform                reconcile_first object     none json documented
  = Create an access profile for an API client.
  ? api_client_id
  > name* api_collection_ids*:int[] active*:bool auth_type* ip_allow_list:str[] jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[]
  ! api_keys.create
  ~ List profiles of the client and match the name; the secret of a lost reply can only be replaced with refresh_secret.
api_access_profiles.update                       PUT    /api    /api_access_profiles/{api_access_profile_id}                                                      partner  api_platform developer.api_platform                safe_to_retry   object     none json documented
  = Update an access profile, e.g. its collection list.
  > name* api_collection_ids*:int[] active*:bool auth_type* ip_allow_list:str[] jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[]
  ! api_keys.update / api_clients_v2.update
api_access_profiles.enable                       PUT    /api    /api_access_profiles/{api_access_profile_id}/enable                                               partner  api_platform developer.api_platform                safe_to_retry   object?    none none documented
  = Enable an access profile.
  ! api_keys.enable
api_access_profiles.disable                      PUT    /api    /api_access_profiles/{api_access_profile_id}/disable                                              partner  api_platform developer.api_platform                safe_to_retry   object?    none none documented
  = Disable an access profile.
  ! api_keys.disable
api_access_profiles.refresh_secret               PUT    /api    /api_access_profiles/{api_access_profile_id}/refresh_secret                                       partner  api_platform developer.api_platform                reconcile_first object     none none documented
  = Rotate the token or OAuth secret of an access profile.
  ! api_keys.refresh_secret
  ~ Each call invalidates the previous secret; after a lost reply call once more and use only the newest.
api_keys.list                                    GET    /api/v2 /api_clients/{api_client_id}/api_keys                                                             partner  api_platform developer.api_platform                idempotent      data_list  page none documented
  = List API keys of a client.
  ? page:int per_page:int
api_keys.create                                  POST   /api/v2 /api_clients/{api_client_id}/api_keys                                                             partner  api_platform developer.api_platform                reconcile_first data       none json documented
  = Create an API key for a client.
  > name* active*:bool ip_allow_list:str[] ip_deny_list:str[]
  ~ List keys and match the name; if found use refresh_secret to obtain a usable token.
api_keys.update                                  PUT    /api/v2 /api_clients/{api_client_id}/api_keys/{api_key_id}                                                partner  api_platform developer.api_platform                safe_to_retry   data       none json documented
  = Update an API key.
  > name active:bool ip_allow_list:str[] ip_deny_list:str[]
api_keys.enable                                  PUT    /api/v2 /api_clients/{api_client_id}/api_keys/{api_key_id}/enable                                         partner  api_platform developer.api_platform                safe_to_retry   data?      none none documented
  = Enable an API key.
api_keys.disable                                 PUT    /api/v2 /api_clients/{api_client_id}/api_keys/{api_key_id}/disable                                        partner  api_platform developer.api_platform                safe_to_retry   data?      none none documented
  = Disable an API key.
api_keys.refresh_secret                          PUT    /api/v2 /api_clients/{api_client_id}/api_keys/{api_key_id}/refresh_secret                                 partner  api_platform developer.api_platform                reconcile_first data       none none documented
  = Rotate an API key's token or secret.
  ~ Each call invalidates the previous secret; use only the newest reply.
api_keys.delete                                  DELETE /api/v2 /api_clients/{api_client_id}/api_keys/{api_key_id}                                                partner  api_platform developer.api_platform                safe_to_retry   object?    none none inferred
  = Delete an API key.
api_access_profiles.update_without_id            PUT    /api    /api_access_profiles                                                                              partner  api_platform developer.api_platform                safe_to_retry   object     none json documented
  = Update an access profile (path printed without the id in the enablement guide).
  > name* api_collection_ids*:int[] active*:bool auth_type* ip_allow_list:str[] jwt_method jwt_secret oidc_issuer oidc_jwks_uri access_profile_claim required_claims:str[] allowed_issuers:str[]
  ! managed_users.api_access_profiles.update
  % The guide prints no id, so the profile would be ambiguous.
api_collections.delete                           DELETE /api    /api_collections/{api_collection_id}                                                              partner  api_platform developer.api_platform                safe_to_retry   object?    none none client
  = Delete an API collection.
api_portals.list                                 GET    /api/v2 /api_portals                                                                                      partner  api_platform developer.api_platform                idempotent      data_list? none none documented
  = List API portals.
cert_bundles.list                                GET    /api    /cert_bundles                                                                                     partner  api_platform developer.api_platform                idempotent      data_list? none none documented
  = List certificate bundles.
cert_bundles.create                              POST   /api    /cert_bundles                                                                                     partner  api_platform developer.api_platform                reconcile_first data?      none json documented
  = Create a certificate bundle.
  > <any>*:object
  ~ List and match the name.
cert_bundles.update                              PUT    /api    /cert_bundles/{cert_bundle_id}                                                                    partner  api_platform developer.api_platform                safe_to_retry   data?      none json documented
  = Update a certificate bundle.
  > <any>*:object
cert_bundles.delete                              DELETE /api    /cert_bundles/{cert_bundle_id}                                                                    partner  api_platform developer.api_platform                safe_to_retry   object?    none none documented
  = Delete a certificate bundle.
cert_bundles.download                            GET    /api    /cert_bundles/{cert_bundle_id}                                                                    partner  api_platform developer.api_platform                idempotent      data?      none none documented
  = Download a certificate bundle.
"""  # noqa: E501 - a table
