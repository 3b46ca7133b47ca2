"""Project builds and deployments.

The format is in `bulkops.catalogue._parse_calls`.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.projects.build        POST /api /managed_users/{managed_user_id}/projects/{project_id}/build              customer deployments embedded.deployments        reconcile_first object?    none json documented
  = Build a project into a package.
  / project_id
  > description include_test_cases:bool
  ~ A second build only costs time, but the id of the first is lost; start a new one and ignore the other.
  + Private beta: may be missing, or change.
managed_users.project_builds.get    GET  /api /managed_users/{managed_user_id}/project_builds/{project_build_id}        customer deployments embedded.deployments        idempotent      object?    none none documented
  = Fetch a project build and its download address.
  + Private beta: may be missing, or change.
managed_users.project_builds.deploy POST /api /managed_users/{managed_user_id}/project_builds/{project_build_id}/deploy customer deployments embedded.deployments        reconcile_first object?    none json documented
  = Deploy a build to an environment.
  ? environment_type*
  > description
  ~ List deployments of the project and environment since the first try.
  + Private beta: may be missing, or change.
managed_users.projects.deploy       POST /api /managed_users/{managed_user_id}/projects/{project_id}/deploy             customer deployments embedded.deployments        reconcile_first object?    none json inferred
  = Build and deploy a project in one step.
  / project_id
  ? environment_type*
  > description title include_tags:bool
  ~ List deployments of the project and environment since the first try.
  + Private beta: may be missing, or change.
managed_users.deployments.list      GET  /api /managed_users/{managed_user_id}/deployments                              customer deployments embedded.deployments        idempotent      items?     none none documented
  = List deployments.
  ? project_id folder_id environment_type state from to
  + Private beta: may be missing, or change.
managed_users.deployments.get       GET  /api /managed_users/{managed_user_id}/deployments/{deployment_id}              customer deployments embedded.deployments        idempotent      object?    none none documented
  = Fetch one deployment.
  + Private beta: may be missing, or change.
projects.build                      POST /api /projects/{project_id}/build                                              partner  deployments assumed.partner.deployments reconcile_first object     none json documented
  = Build a project into a package.
  / project_id
  > description include_test_cases:bool
  ~ A second build only costs time, but the id of the first is lost; start a new one and ignore the other.
project_builds.get                  GET  /api /project_builds/{project_build_id}                                        partner  deployments assumed.partner.deployments idempotent      object     none none documented
  = Fetch a project build and its download address.
project_builds.deploy               POST /api /project_builds/{project_build_id}/deploy                                 partner  deployments assumed.partner.deployments reconcile_first object     none json documented
  = Deploy a build to an environment.
  ? environment_type*
  > description
  ~ List deployments of the project and environment since the first try.
projects.deploy                     POST /api /projects/{project_id}/deploy                                             partner  deployments assumed.partner.deployments reconcile_first object     none json documented
  = Build and deploy a project in one step.
  / project_id
  ? environment_type*
  > description title include_tags:bool
  ~ List deployments of the project and environment since the first try.
deployments.list                    GET  /api /deployments                                                              partner  deployments assumed.partner.deployments idempotent      items      none none documented
  = List deployments.
  ? project_id folder_id environment_type state from to
deployments.get                     GET  /api /deployments/{deployment_id}                                              partner  deployments assumed.partner.deployments idempotent      object     none none documented
  = Fetch one deployment.
deployments.eligible_reviewers      GET  /api /deployments/{deployment_id}/eligible_reviewers                           partner  deployments assumed.partner.deployments idempotent      data_list? none none client
  = List who may review a deployment.
deployments.assign_reviewers        POST /api /deployments/{deployment_id}/assign_reviewers                             partner  deployments assumed.partner.deployments safe_to_retry   object?    none json client
  = Assign reviewers to a deployment.
  > reviewer_ids*:int[]
deployments.submit_for_review       POST /api /deployments/{deployment_id}/submit_for_review                            partner  deployments assumed.partner.deployments reconcile_first object?    none none client
  = Send a deployment to its reviewers.
  ~ Read the deployment state first.
deployments.approve                 POST /api /deployments/{deployment_id}/approve                                      partner  deployments assumed.partner.deployments reconcile_first object?    none json client
  = Approve a deployment.
  > comment
  ~ Read the deployment state first.
deployments.reject                  POST /api /deployments/{deployment_id}/reject                                       partner  deployments assumed.partner.deployments reconcile_first object?    none json client
  = Reject a deployment.
  > comment
  ~ Read the deployment state first.
deployments.reopen                  POST /api /deployments/{deployment_id}/reopen                                       partner  deployments assumed.partner.deployments reconcile_first object?    none none client
  = Reopen a rejected deployment.
  ~ Read the deployment state first.
deployments.update_review_comment   POST /api /deployments/{deployment_id}/update_review_comment                        partner  deployments assumed.partner.deployments safe_to_retry   object?    none json client
  = Change the review comment.
  > comment*
deployments.deploy                  POST /api /deployments/{deployment_id}/deploy                                       partner  deployments assumed.partner.deployments reconcile_first object?    none none client
  = Run an approved deployment.
  ~ Read the deployment state first; never automatic.
"""  # noqa: E501 - a table
