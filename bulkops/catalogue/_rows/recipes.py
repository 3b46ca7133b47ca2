"""Recipes, their versions, jobs and test cases. The format is in `bulkops.catalogue._parse_calls`."""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.recipes.list            GET    /api /managed_users/{managed_user_id}/recipes                                   customer recipes         embedded.recipes.list            idempotent      list       since_id      none documented
  = List recipes of a customer workspace, newest id first.
  ? page:int per_page:int folder_id running:bool since_id:int adapter_names_all adapter_names_any stopped_after stop_cause updated_after includes[]:str[] exclude_code:bool active:bool
  % The oldest page answers {"items": [...]}; both forms are read.
managed_users.recipes.get             GET    /api /managed_users/{managed_user_id}/recipes/{recipe_id}                       customer recipes         embedded.recipes.get             idempotent      object?    none          none documented
  = Fetch one recipe.
managed_users.recipes.create          POST   /api /managed_users/{managed_user_id}/recipes                                   customer recipes         embedded.recipes.other           reconcile_first result?    none          json documented
  = Create a recipe in a customer workspace.
  > recipe*:object recipe[name] recipe[code] recipe[config] recipe[folder_id] recipe[description]
  ~ List recipes in the folder and match the name (newest id first).
managed_users.recipes.update          PUT    /api /managed_users/{managed_user_id}/recipes/{recipe_id}                       customer recipes         embedded.recipes.other           safe_to_retry   object?    none          json documented
  = Update a stopped recipe.
  > recipe:object recipe[name] recipe[code] recipe[config] recipe[folder_id] recipe[description]
managed_users.recipes.copy            POST   /api /managed_users/{managed_user_id}/recipes/{recipe_id}/copy                  customer recipes         embedded.recipes.other           reconcile_first object?    none          json documented
  = Copy a recipe inside a customer workspace.
  > folder_id
  ~ List the target folder for a copy created after the first try.
managed_users.recipes.delete          DELETE /api /managed_users/{managed_user_id}/recipes/{recipe_id}                       customer recipes         embedded.recipes.other           safe_to_retry   object?    none          none documented
  = Delete a recipe.
managed_users.recipes.start           PUT    /api /managed_users/{managed_user_id}/recipes/{recipe_id}/start                 customer recipes         embedded.recipes.other           safe_to_retry   verdict    none          none documented
  = Start a recipe in a customer workspace.
managed_users.recipes.stop            PUT    /api /managed_users/{managed_user_id}/recipes/{recipe_id}/stop                  customer recipes         embedded.recipes.other           safe_to_retry   verdict    none          none documented
  = Stop a recipe in a customer workspace.
managed_users.recipes.reset_trigger   POST   /api /managed_users/{managed_user_id}/recipes/{recipe_id}/reset_trigger         customer recipes         embedded.recipes.other           reconcile_first object?    none          none documented
  = Reset the trigger cursor so source records are processed again.
  ~ It processes every record again: look at the recipe's jobs first.
managed_users.recipes.poll_now        POST   /api /managed_users/{managed_user_id}/recipes/{recipe_id}/poll_now              customer recipes         embedded.recipes.other           safe_to_retry   object?    none          none documented call
  = Run a polling trigger immediately.
managed_users.recipes.connect         PUT    /api /managed_users/{managed_user_id}/recipes/{recipe_id}/connect               customer recipes         embedded.recipes.other           safe_to_retry   object?    none          json inferred
  = Point a stopped recipe at another connection for one connector.
  > adapter_name* connection_id*:int
managed_users.recipes.versions.list   GET    /api /managed_users/{managed_user_id}/recipes/{recipe_id}/versions              customer recipes         embedded.recipes.versions        idempotent      data_list? page          none documented
  = List versions of a recipe.
  ? page:int per_page:int
  @ /api/v2
managed_users.recipes.versions.get    GET    /api /managed_users/{managed_user_id}/recipes/{recipe_id}/versions/{version_id} customer recipes         embedded.recipes.versions        idempotent      data?      none          none documented
  = Fetch one recipe version.
  @ /api/v2
managed_users.recipes.versions.update PATCH  /api /managed_users/{managed_user_id}/recipes/{recipe_id}/versions/{version_id} customer recipes         embedded.recipes.versions        safe_to_retry   data?      none          json documented
  = Change a recipe version's comment (PATCH or PUT).
  > comment*
  @ /api/v2
recipes.list                          GET    /api /recipes                                                                   partner  recipes         developer.recipes.other          idempotent      items      since_id      none documented
  = List recipes of the partner workspace, newest id first.
  ? page:int per_page:int folder_id running:bool since_id:int adapter_names_all adapter_names_any stopped_after stop_cause updated_after includes[]:str[] exclude_code:bool order active
recipes.get                           GET    /api /recipes/{recipe_id}                                                       partner  recipes         developer.recipes.other          idempotent      object     none          none documented
  = Fetch one recipe of the partner workspace.
recipes.create                        POST   /api /recipes                                                                   partner  recipes         developer.recipes.create         reconcile_first object     none          json documented
  = Create a recipe in the partner workspace.
  > recipe*:object recipe[name] recipe[code] recipe[config] recipe[folder_id] recipe[description]
  ~ List the folder and match the name.
  % Older samples send name, code and config outside recipe.
recipes.update                        PUT    /api /recipes/{recipe_id}                                                       partner  recipes         developer.recipes.other          safe_to_retry   object     none          json documented
  = Update a stopped recipe.
  > recipe:object recipe[name] recipe[code] recipe[config] recipe[folder_id] recipe[description]
recipes.copy                          POST   /api /recipes/{recipe_id}/copy                                                  partner  recipes         developer.recipes.other          reconcile_first object?    none          json documented
  = Copy a recipe in the partner workspace.
  > folder_id
  ~ List the target folder for a recent copy.
recipes.delete                        DELETE /api /recipes/{recipe_id}                                                       partner  recipes         developer.recipes.other          safe_to_retry   object     none          none documented
  = Delete a recipe of the partner workspace.
recipes.start                         PUT    /api /recipes/{recipe_id}/start                                                 partner  recipes         developer.recipes.other          safe_to_retry   verdict    none          none documented
  = Start a recipe of the partner workspace.
recipes.stop                          PUT    /api /recipes/{recipe_id}/stop                                                  partner  recipes         developer.recipes.other          safe_to_retry   verdict    none          none documented
  = Stop a recipe of the partner workspace.
recipes.search                        GET    /api /recipes/search                                                            partner  recipes         developer.recipes.other          idempotent      items      page0         none documented
  = Search public recipes.
  ? term boost_owned:bool page:int per_page:int applications*
  % The vendor's page puts the parameters into the body of a GET; they are sent as a query.
recipes.reset_trigger                 POST   /api /recipes/{recipe_id}/reset_trigger                                         partner  recipes         developer.recipes.other          reconcile_first object?    none          none documented
  = Reset a recipe's trigger cursor.
  ~ It processes every record again: look at the recipe's jobs first.
recipes.connect                       PUT    /api /recipes/{recipe_id}/connect                                               partner  recipes         developer.recipes.other          safe_to_retry   object     none          json documented
  = Point a stopped recipe at another connection.
  > adapter_name* connection_id*:int
recipes.poll_now                      POST   /api /recipes/{recipe_id}/poll_now                                              partner  recipes         developer.recipes.other          safe_to_retry   object?    none          none documented call
  = Run a polling trigger immediately.
recipes.versions.list                 GET    /api /recipes/{recipe_id}/versions                                              partner  recipes         developer.recipes.other          idempotent      data_list  page          none documented
  = List versions of a recipe.
  ? page:int per_page:int
managed_users.jobs.list               GET    /api /managed_users/{managed_user_id}/recipes/{recipe_id}/jobs                  customer jobs            embedded.jobs.other              idempotent      result?    offset_job_id none documented
  = List jobs of a recipe with aggregate counts.
  ? offset_job_id prev:bool status rerun_only:bool offset_run_id:int failed:bool
managed_users.jobs.get                GET    /api /managed_users/{managed_user_id}/recipes/{recipe_id}/jobs/{job_id}         customer jobs            embedded.jobs.other              idempotent      result?    none          none documented
  = Fetch one job.
  / job_id
managed_users.jobs.repeat             POST   /api /managed_users/{managed_user_id}/recipes/{recipe_id}/repeat_jobs           customer jobs            embedded.jobs.repeat             reconcile_first object?    none          json documented
  = Re-run chosen jobs.
  > job_ids*:str[]
  ~ It runs business actions again: look at the job's repeats first.
recipes.jobs.list                     GET    /api /recipes/{recipe_id}/jobs                                                  partner  jobs            developer.jobs.other             idempotent      object     offset_job_id none documented
  = List jobs of a recipe with counts.
  ? offset_job_id prev:bool status rerun_only:bool offset_run_id:int failed:bool
recipes.jobs.get                      GET    /api /recipes/{recipe_id}/jobs/{job_handle}                                     partner  jobs            developer.jobs.other             idempotent      object?    none          none documented
  = Fetch one job.
  / job_handle
recipes.jobs.repeat                   POST   /api /recipes/{recipe_id}/repeat_jobs                                           partner  jobs            developer.jobs.repeat            reconcile_first object?    none          json documented
  = Re-run jobs.
  > job_ids*:str[]
  ~ It runs business actions again: look at the job's repeats first.
jobs.resume                           POST   /api /job/resume                                                                partner  jobs            developer.jobs.other             reconcile_first none       none          json documented
  = Resume a waiting job by its resume token.
  > token* data:object
  ~ Check the job status first.
managed_users.test_cases.list         GET    /api /managed_users/{managed_user_id}/recipes/{recipe_id}/test_cases            customer test_automation assumed.customer.test_automation idempotent      data_list? none          none inferred
  = List test cases of a customer recipe.
managed_users.test_cases.run          POST   /api /managed_users/{managed_user_id}/test_cases/run_requests                   customer test_automation assumed.customer.test_automation safe_to_retry   data?      none          json inferred
  = Run test cases in a customer workspace.
  > manifest_id:int project_id:int folder_id:int recipe_id:int test_case_ids:str[]
test_cases.run                        POST   /api /test_cases/run_requests                                                   partner  test_automation assumed.partner.test_automation  safe_to_retry   data?      none          json documented
  = Run test cases.
  > manifest_id:int project_id:int folder_id:int recipe_id:int test_case_ids:str[]
test_cases.run_status                 GET    /api /test_cases/run_requests/{run_request_id}                                  partner  test_automation assumed.partner.test_automation  idempotent      data?      none          none documented
  = State and results of a test run.
  / run_request_id
test_cases.list                       GET    /api /recipes/{recipe_id}/test_cases                                            partner  test_automation assumed.partner.test_automation  idempotent      data_list? none          none documented
  = List test cases of a recipe.
recipes.job_counts                    GET    /api /recipes/job_counts                                                        partner  recipes         developer.recipes.other          idempotent      items?     none          none documented
  = Success and failure counts for several recipes.
  ? recipe_ids:int[]
recipes.force_run                     POST   /api /recipes/{recipe_id}/force_run                                             partner  recipes         developer.recipes.force_run      reconcile_first object?    none          none documented
  = Run a recipe once, now.
  ~ Each call starts work: list the recent jobs of the recipe first. Never automatic.
recipes.health.get                    GET    /api /recipes/{recipe_id}/health                                                partner  recipes         developer.recipes.other          idempotent      data?      none          none client
  = Latest performance report of a recipe.
recipes.health.start                  POST   /api /recipes/{recipe_id}/health                                                partner  recipes         developer.recipes.health_start   reconcile_first object?    none          none documented
  = Queue a performance analysis of a recipe.
  ~ Read the report first.
recipes.versions.get                  GET    /api /recipes/{recipe_id}/versions/{version_id}                                 partner  recipes         developer.recipes.other          idempotent      data?      none          none documented
  = Fetch one recipe version.
recipes.versions.update               PATCH  /api /recipes/{recipe_id}/versions/{version_id}                                 partner  recipes         developer.recipes.other          safe_to_retry   data?      none          json documented
  = Change the comment of a recipe version.
  > comment*
  % PATCH on some pages, PUT on others.
"""  # noqa: E501 - a table
