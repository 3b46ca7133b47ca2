"""The shapes of what the vendor answers. The format is in `bulkops.sandbox.openapi._parse_shapes`.

Every member without a question mark is there in each answer, null where it may be: what the vendor's own OpenAPI
document requires, and what its pages show.
"""

from __future__ import annotations

from typing import Final

SHAPES: Final = """
Error            message:str errors?:object success?:bool id?:str
Success          success:true
Verdict          success:bool code_errors?:any[] config_errors?:any[] errors?:object message?:str
Created          success:true id:int


Customer         id:int external_id:str|null name:str notification_email:str error_notification_emails:str|null
                 admin_notification_emails:str|null whitelisted_apps:str[] plan_id:str origin_url:str|null
                 frame_ancestors:str|null trial:bool in_trial:bool created_at:time updated_at:time
                 current_billing_period_start:time|null current_billing_period_end:time|null
                 task_limit_adjustment:str|int|null task_limit:int task_count:int active_connection_limit:int|null
                 active_connection_count:int active_recipe_count:int environments?:object
Environments     ...Customer environments:object
Plan             id:int plan_id:str trial:bool
Usage            id:int external_id:str|null usage:UsageMonth[]
UsageMonth       year:int month:int task_count:int
Statistic        managed_user_id:int task_count:int active_recipe_count:int job_succeeded_count:int job_failed_count:int
User             id:int name:str created_at:time plan_id:str current_billing_period_start:time
                 current_billing_period_end:time expert?:bool recipes_count:int company_name:str|null location:str|null
                 last_seen:time email:str active_recipes_count:int root_folder_id:int

Member           id:int grant_type:str role_name:str|null roles:MemberRole[] external_id:str|null name:str
                 email:str|null time_zone:str created_at:time
MemberRole       environment_type:str role_name:str
NewMember        id:int role_name:str|null time_zone:str grant_type:str name:str email:str|null
MemberId         id:int
MemberPrivileges environment_type:str name:str privileges:object folder_ids:int[]
ProjectGrant     project_id:int role_name:str
ProjectPrivileges project_id:int privileges:object
Role             id:int name:str inheritable:bool folder_ids:int[] created_at:time updated_at:time
OwnRole          ...Role privileges:object all_folders?:bool
RoleCopy         id:int name:str folder_ids:int[]
EnvironmentRole  id:int name:str members_count:int type:'system'|'custom'|'inheritable'|'inherited' created_at:time
                 updated_at:time privileges?:object
Manager          id:int user:ManagerUser privilege_group:PrivilegeGroup moderated_workspaces:Named[]
ManagerUser      id:int name:str email:str avatar_url:str
PrivilegeGroup   id:int name:str system:bool
Named            id:int name:str
Activity         id:int timestamp:time event_type:str details:object workspace:object user:object resource:object|null

Connection       id:int name:str provider:str authorized_at:time|null
                 authorization_status:'success'|'failed'|'exception'|null authorization_error:str|null created_at:time
                 updated_at:time external_id:str|null folder_id:int parent_id:int|null
OwnConnection    ...Connection application:str description:str|null connection_lost_at:time|null
                 connection_lost_reason:str|null tags:str[]|null
InputField       name:str type:str optional:bool
Integration      name:str title:str image_url:str mobile_image_url:str requires_connection:bool mobile_search:bool
Platform         name:str title:str categories:str[] oauth:bool deprecated:bool secondary:bool triggers:Action[]
                 actions:Action[]
Action           name:str title:str deprecated:bool bulk:bool batch:bool
Connector        id:int name:str title:str latest_released_version:int|null latest_released_version_note:str|null
                 released_versions:ConnectorVersion[] static_webhook_url?:str|null logo?:str|null latest_version?:int
                 latest_version_note?:str|null latest_shared_version?:int|null latest_shared_version_note?:str|null
                 oem_shared_version?:int|null oem_shared_at?:time|null
ConnectorVersion version:int version_note:str|null created_at:time released_at:time
ConnectorCode    code:str

Folder           id:int name:str parent_id:int|null is_project:bool project_id:int|null created_at:time updated_at:time
FolderId         id:int !
Project          id:int folder_id:int name:str description:str|null

RecipeHead       id:int user_id:int name:str created_at:time updated_at:time copy_count:int trigger_application:str|null
                 action_applications:str[] applications:str[] description:str parameters_schema:any[]
Recipe           ...RecipeHead parameters:object webhook_url:str|null folder_id:int running:bool job_succeeded_count:int
                 job_failed_count:int lifetime_task_count:int last_run_at:time|null stopped_at:time|null version_no:int
                 stop_cause:str|null config:RecipeConfig[] trigger_closure:any code:str author_name:str
                 version_author_name:str version_author_email:str version_comment:str|null tags?:str[]
RecipeConfig     keyword?:str name?:str provider?:str skip_validation?:bool account_id?:int|null
RecipeCopy       success:true new_flow_id:int
RecipeVersion    id:int version_no:int comment:str|null author_name:str author_email:str created_at:time updated_at:time
Job              id:str handle:str recipe_id:int started_at:time completed_at:time|null title:str|null status:str
                 is_error:bool is_poll_error:bool error:str|null error_parts:object|null lines:any[]
Jobs             job_succeeded_count:int job_failed_count:int job_count:int items:Job[]
TestCase         id:str name:str recipe_id:int
OwnTestCase      id:str name:str
TestRun          id:str status:str
TestRunStatus    id:str status:str results:any[]

Asset            id:int name:str type:str version:int folder:str absolute_path:str root_folder:bool unreachable:bool
                 zip_name:str checked:bool status:'added'|'updated'|'no_change'
Manifest         id:int name:str last_exported_at:time|null created_at:time updated_at:time deleted_at:time|null
                 project_path:str status:'working'|'archived'
FullManifest     ...Manifest assets:Asset[]
Export           id:int operation_type:'export' status:PackageStatus export_manifest_id:int
                 download_url:str|null error?:str
Import           id:int operation_type:'import' status:PackageStatus recipe_status?:RecipeStatus[] error?:str
Package          id:int operation_type:'import'|'export' status:PackageStatus export_manifest_id?:int
                 download_url?:str|null recipe_status?:RecipeStatus[] error?:str
RecipeStatus     id:int import_result:str

Collection       id:int name:str project_id:str url:str api_spec_url:str version:str created_at:time updated_at:time
NewCollection    ...Collection message:str import_results:ImportResults
ImportResults    success:bool total_endpoints:int failed_endpoints:int failed_actions:str[]
Endpoint         id:int api_collection_id:int flow_id:int|null name:str method:str url:str legacy_url:str|null
                 base_path:str path:str active:bool legacy:bool created_at:time updated_at:time
ApiClient        id:int name:str project_id:str|null created_at:time updated_at:time
ApiClientV2      id:int name:str description:str|null active_api_keys_count:int total_api_keys_count:int created_at:time
                 updated_at:time logo:str|null logo_2x:str|null is_legacy:bool email:str|null
                 auth_type:'token'|'jwt'|'oauth2'|'oidc' api_token:str|null mtls_enabled:bool|null
                 validation_formula:str|null cert_bundle_ids:int[]|null api_policies:Named[] api_collections:Named[]
                 active:bool active_since:time auth_token:str
Profile          id:int name:str api_client_id:int api_collection_ids:int[] active:bool auth_type:str
                 ip_allow_list:str[]|null created_at:time updated_at:time secret?:str oauth_client_id?:str
                 oauth_client_secret?:str
ApiKey           id:int name:str auth_type:str ip_allow_list:str[] ip_deny_list:str[] active:bool active_since:time
                 auth_token:str
Portal           id:int name:str

Table            id:int name:str schema:str project_id:str|null created_at:time updated_at:time
TableRow         id:int lookup_table_id:int data:object created_at:time updated_at:time
DataTable        id:str name:str schema:Column[] folder_id:int created_at:time updated_at:time
Column           type:str name:str optional:bool field_id:str hint:str|null default_value:any metadata:object
                 multivalue:bool relation:object|null
Tag              title:str handle:str description:str|null color:str|null
Group            id:str name:str members_count:int created_at:time updated_at:time
GroupMember      id:int name:str email:str|null
ProjectRole      id:int name:str type:'system'|'custom'|'inheritable'|'inherited' members_count:int created_at:time
                 updated_at:time
Grant            id:str project_id:int environment_type:'dev'|'test'|'prod' role:Named grantee:Grantee
Grantee          type:str id:int|str name:str
OAuthProfile     id:int user_id:int name:str provider:str data:object shared_accounts_count:int oem_customers_count:int
                 created_at:time updated_at:time

OnPremGroup      id:int name:str created_at:time in_use:bool use_managed_connection:bool config_version:int
                 logs_enabled:bool whitelisted_ips:str[]
OnPremAgent      id:int on_prem_group_id:int name:str cn:str os:str|null awaiting_setup:bool enabled:bool
OnPremStatus     id:int status:str
ActivationCode   activation_code:str
Build            id:int created_at:time updated_at:time description:str|null include_test_cases:bool|null project_id:str
                 state:'pending'|'success'|'failed' performed_by_name:str download_url:str|null
Deployment       id:int created_at:time updated_at:time description:str|null project_build_id:int
                 environment_type:'test'|'prod' project_id:str state:'pending'|'success'|'failed' performed_by_name:str

IdentityUser     id:str email:str full_name:str created_at:time updated_at:time
IdentityGroup    id:str name:str users_count:int created_at:time updated_at:time
AppLink          id:int name:str url:str
Topic            id:int name:str description:str|null retention:int schema:object[] folder_id:int|null created_at:time
                 updated_at:time
McpServer        id:str name:str description:str|null asset_type:str logo_url:str|null mcp_url:str auth_type:str
                 authentication_method:str folder_id:int project_id:int folders:Named[] has_vua_dependent_tools:bool
                 idp_user_group_ids:str[] api_collection:Named|null tools_count:int created_at:time updated_at:time
McpPolicies      id:int|null mcp_server_id:str|null rate_limits:object|null quota_limits:object|null ip_allow_list:any[]
                 ip_deny_list:any[] created_at:time updated_at:time
McpTool          id:int name:str description:str|null original_description:str|null trigger_application:str|null
                 action_applications:str[] flow_id:int active:bool enabled:bool vua_required:bool
                 incompatibility_reasons:any[]
Id               id:str
Genie            id:str name:str description:str|null folder_id:int project_id:int state:'running'|'stopped'
                 instructions:str|null ai_provider:str|null skills_count:int user_groups:Id[] created_at:time
                 updated_at:time
GenieClient      client_id:str client_name:str
NewGenieClient   ...GenieClient api_key:str oauth_client_id:str|null
Conversation     id:str created_at:time updated_at:time
ConversationEvent type:str created_at:time
Guardrails       id:str|null policies:Policy[]
Policy           policy_type:str configuration:object
KnowledgeBase    id:str name:str description:str|null folder_id:int created_at:time updated_at:time
DataSources      knowledge_base_id:str data_sources:any[]
Skill            id:str name:str description:str provider_id:int provider_type:str folder_id:int project_id:int
                 running:bool genies_count:int trigger_description:str applications:str[]
CertBundle       id:int name:str created_at:time
RuntimeConnection id:int url:str
Url              url:str
JobCounts        recipe_id:int job_succeeded_count:int job_failed_count:int
Health           recipe_id:int status:str findings:any[]
SchemaField      name:str type:str control_type:str label:str optional:bool

Developer        id:int name:str api_privilege_group_id:int all_folders:bool folder_ids:int[] environment_name:str|null
                 environment_id:int|null token:DeveloperToken created_at:time updated_at:time
DeveloperToken   updated_at?:time value?:str
NewDeveloper     ...Developer token:NewToken
NewToken         value:str updated_at?:time
Regenerated      token:NewToken
"""
