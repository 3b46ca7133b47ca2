"""Packages: manifests, exports and imports. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.export_manifests.folder_assets GET    /api /managed_users/{managed_user_id}/export_manifests/folder_assets customer recipe_lifecycle embedded.rlcm.other         idempotent      assets? none none   documented
  = List assets of a folder, as input for a manifest.
  ? folder_id:int include_test_cases:bool include_data:bool
managed_users.export_manifests.create        POST   /api /managed_users/{managed_user_id}/export_manifests               customer recipe_lifecycle embedded.rlcm.other         reconcile_first result? none json   documented
  = Create an export manifest in a customer workspace.
  > export_manifest*:object export_manifest[name]* export_manifest[assets]:object[] export_manifest[folder_id]:int export_manifest[include_test_cases]:bool export_manifest[auto_generate_assets]:bool export_manifest[include_data]:bool export_manifest[include_tags]:bool export_manifest[auto_run]:bool
  ~ Manifests cannot be listed: use a new name, and accept that there may be two.
managed_users.export_manifests.update        PUT    /api /managed_users/{managed_user_id}/export_manifests/{manifest_id} customer recipe_lifecycle embedded.rlcm.other         safe_to_retry   result? none json   documented
  = Replace a manifest's assets or name.
  > export_manifest*:object export_manifest[name] export_manifest[assets]:object[] export_manifest[folder_id]:int export_manifest[include_test_cases]:bool export_manifest[auto_generate_assets]:bool export_manifest[include_data]:bool export_manifest[include_tags]:bool export_manifest[auto_run]:bool
managed_users.export_manifests.get           GET    /api /managed_users/{managed_user_id}/export_manifests/{manifest_id} customer recipe_lifecycle embedded.rlcm.other         idempotent      result? none none   documented
  = Fetch a manifest.
managed_users.export_manifests.delete        DELETE /api /managed_users/{managed_user_id}/export_manifests/{manifest_id} customer recipe_lifecycle embedded.rlcm.other         safe_to_retry   result? none none   inferred
  = Delete (archive) a manifest.
managed_users.imports.create                 POST   /api /managed_users/{managed_user_id}/imports                        customer recipe_lifecycle embedded.rlcm.import_create reconcile_first object  none octets documented
  = Import a package zip into a folder of a customer workspace.
  ? folder_id* restart_recipes:bool include_tags:bool folder_id_for_home_assets
  > body*:bytes
  ~ The package id was in the lost reply, and imports cannot be listed: compare the recipes' updated_at and version_no in the folder.
  % Samples misspell the content type and send a form; the body must be the raw bytes.
  + A package may have 100 MB at most, and only one package is imported at a time.
managed_users.imports.get                    GET    /api /managed_users/{managed_user_id}/imports/{package_id}           customer recipe_lifecycle embedded.rlcm.import_status idempotent      object  none none   documented
  = Status of a package import.
managed_users.exports.create                 POST   /api /managed_users/{managed_user_id}/exports/{manifest_id}          customer recipe_lifecycle embedded.rlcm.other         safe_to_retry   object? none none   documented
  = Build a package from a manifest of a customer workspace.
managed_users.exports.get                    GET    /api /managed_users/{managed_user_id}/exports/{package_id}           customer recipe_lifecycle embedded.rlcm.other         idempotent      result? none none   documented
  = Status of a package export; carries download_url when completed.
export_manifests.folder_assets               GET    /api /export_manifests/folder_assets                                 partner  recipe_lifecycle developer.rlcm.other        idempotent      assets  none none   documented
  = List assets of a folder in the partner workspace.
  ? folder_id:int include_test_cases:bool include_data:bool
export_manifests.create                      POST   /api /export_manifests                                               partner  recipe_lifecycle developer.rlcm.other        reconcile_first result  none json   documented
  = Create an export manifest in the partner workspace.
  > export_manifest*:object export_manifest[name]* export_manifest[assets]:object[] export_manifest[folder_id]:int export_manifest[include_test_cases]:bool export_manifest[auto_generate_assets]:bool export_manifest[include_data]:bool export_manifest[include_tags]:bool export_manifest[auto_run]:bool
  ~ Manifests cannot be listed: use a new name, and accept that there may be two.
export_manifests.get                         GET    /api /export_manifests/{manifest_id}                                 partner  recipe_lifecycle developer.rlcm.other        idempotent      result? none none   documented
  = Fetch a manifest.
export_manifests.update                      PUT    /api /export_manifests/{manifest_id}                                 partner  recipe_lifecycle developer.rlcm.other        safe_to_retry   result? none json   documented
  = Replace a manifest's assets or name.
  > export_manifest*:object export_manifest[name] export_manifest[assets]:object[] export_manifest[folder_id]:int export_manifest[include_test_cases]:bool export_manifest[auto_generate_assets]:bool export_manifest[include_data]:bool export_manifest[include_tags]:bool export_manifest[auto_run]:bool
export_manifests.delete                      DELETE /api /export_manifests/{manifest_id}                                 partner  recipe_lifecycle developer.rlcm.other        safe_to_retry   object? none none   documented
  = Delete (archive) a manifest.
packages.export                              POST   /api /packages/export/{manifest_id}                                  partner  recipe_lifecycle developer.rlcm.other        safe_to_retry   object  none none   documented
  = Build a package from a manifest of the partner workspace.
  / manifest_id
packages.import                              POST   /api /packages/import/{folder_id}                                    partner  recipe_lifecycle developer.rlcm.import       reconcile_first object  none octets documented
  = Import a package zip into a folder of the partner workspace.
  / folder_id
  ? restart_recipes:bool include_tags:bool folder_id_for_home_assets
  > body*:bytes
  ~ The package id was in the lost reply, and imports cannot be listed: compare the recipes' updated_at and version_no in the folder.
  + A package may have 100 MB at most, and only one package is imported at a time.
packages.get                                 GET    /api /packages/{package_id}                                          partner  recipe_lifecycle developer.rlcm.other        idempotent      object  none none   documented
  = Status of an import or export package.
packages.download                            GET    /api /packages/{package_id}/download                                 partner  recipe_lifecycle developer.rlcm.other        idempotent      bytes   none none   documented
  = Download a package; answers with a redirect to the file.
"""  # noqa: E501 - a table
