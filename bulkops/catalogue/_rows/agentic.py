"""Agent Studio: genies, their clients and skills, and knowledge bases.

The format is in `bulkops.catalogue._parse_calls`.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
managed_users.agentic.genies.list                   GET    /api /managed_users/{managed_user_id}/agentic/genies                                                   customer agent_studio embedded.agentic.genies.list            idempotent      data_list? page none documented
  = List genies (AI agents).
  ? folder_id:int project_id:int state page:int per_page:int
managed_users.agentic.genies.create                 POST   /api /managed_users/{managed_user_id}/agentic/genies                                                   customer agent_studio embedded.agentic.genies.other           reconcile_first data?      none json documented
  = Create a genie.
  > name* folder_id*:int description instructions ai_provider matrix:object shared_account_id:int custom_oauth_key_id:int
  ~ List the folder and match the name.
managed_users.agentic.genies.get                    GET    /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}                                        customer agent_studio embedded.agentic.genies.get             idempotent      data?      none none documented
  = Fetch one genie.
  / genie_id
managed_users.agentic.genies.update                 PUT    /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}                                        customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none json documented
  = Update a genie; send only what changes.
  / genie_id
  > name folder_id:int description instructions ai_provider matrix:object shared_account_id:int custom_oauth_key_id:int
managed_users.agentic.genies.delete                 DELETE /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}                                        customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none none inferred
  = Delete a genie.
  / genie_id
managed_users.agentic.genies.start                  POST   /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/start                                  customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none none inferred
  = Start a genie.
  / genie_id
managed_users.agentic.genies.stop                   POST   /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/stop                                   customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none none inferred
  = Stop a genie.
  / genie_id
managed_users.agentic.genies.assign_skills          POST   /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/assign_skills                          customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none json inferred
  = Assign skills to a genie.
  / genie_id
  > skill_ids*:str[]
managed_users.agentic.genies.remove_skills          POST   /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/remove_skills                          customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none json inferred
  = Remove skills from a genie.
  / genie_id
  > skill_ids*:str[]
managed_users.agentic.genies.assign_knowledge_bases POST   /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/assign_knowledge_bases                 customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none json inferred
  = Assign knowledge bases to a genie.
  / genie_id
  > knowledge_base_ids*:str[]
managed_users.agentic.genies.remove_knowledge_bases POST   /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/remove_knowledge_bases                 customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none json inferred
  = Remove knowledge bases from a genie.
  / genie_id
  > knowledge_base_ids*:str[]
managed_users.agentic.genies.assign_user_groups     POST   /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/assign_user_groups                     customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none json inferred
  = Assign identity user groups to a genie.
  / genie_id
  > user_group_ids*:str[]
managed_users.agentic.genies.remove_user_groups     POST   /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/remove_user_groups                     customer agent_studio embedded.agentic.genies.other           safe_to_retry   data?      none json inferred
  = Remove identity user groups from a genie.
  / genie_id
  > user_group_ids*:str[]
managed_users.agentic.genies.conversations.list     GET    /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/conversations                          customer agent_studio embedded.agentic.conversations          idempotent      data_list? page none inferred
  = List the conversations of a genie.
  / genie_id
  ? page:int per_page:int
managed_users.agentic.genies.conversations.events   GET    /api /managed_users/{managed_user_id}/agentic/genies/{genie_id}/conversations/{conversation_id}/events customer agent_studio embedded.agentic.conversations          idempotent      data_list? none none inferred
  = Event trace of one conversation.
  / genie_id conversation_id
managed_users.agentic.knowledge_bases.list          GET    /api /managed_users/{managed_user_id}/agentic/knowledge_bases                                          customer agent_studio embedded.agentic.knowledge_bases.list   idempotent      data_list? page none documented
  = List knowledge bases.
  ? folder_id:int project_id:int query page:int per_page:int
managed_users.agentic.knowledge_bases.create        POST   /api /managed_users/{managed_user_id}/agentic/knowledge_bases                                          customer agent_studio embedded.agentic.knowledge_bases.other  reconcile_first data?      none json inferred
  = Create a knowledge base.
  > name* folder_id*:int description source_type data_sources:object[]
  ~ List the folder and match the name.
managed_users.agentic.knowledge_bases.get           GET    /api /managed_users/{managed_user_id}/agentic/knowledge_bases/{knowledge_base_id}                      customer agent_studio embedded.agentic.knowledge_bases.get    idempotent      data?      none none documented
  = Fetch one knowledge base.
  / knowledge_base_id
managed_users.agentic.knowledge_bases.update        PUT    /api /managed_users/{managed_user_id}/agentic/knowledge_bases/{knowledge_base_id}                      customer agent_studio embedded.agentic.knowledge_bases.other  safe_to_retry   data?      none json inferred
  = Update a knowledge base.
  / knowledge_base_id
  > name folder_id:int description source_type data_sources:object[]
managed_users.agentic.knowledge_bases.delete        DELETE /api /managed_users/{managed_user_id}/agentic/knowledge_bases/{knowledge_base_id}                      customer agent_studio embedded.agentic.knowledge_bases.other  safe_to_retry   data?      none none inferred
  = Delete a knowledge base.
  / knowledge_base_id
managed_users.agentic.knowledge_bases.data_sources  GET    /api /managed_users/{managed_user_id}/agentic/knowledge_bases/{knowledge_base_id}/data_sources         customer agent_studio embedded.agentic.knowledge_bases.other  idempotent      data?      none none inferred
  = Data sources of a knowledge base.
  / knowledge_base_id
managed_users.agentic.knowledge_bases.recipes       GET    /api /managed_users/{managed_user_id}/agentic/knowledge_bases/{knowledge_base_id}/recipes              customer agent_studio embedded.agentic.knowledge_bases.other  idempotent      data_list? page none inferred
  = Recipes that feed a knowledge base.
  / knowledge_base_id
  ? page:int per_page:int
managed_users.agentic.skills.list                   GET    /api /managed_users/{managed_user_id}/agentic/skills                                                   customer agent_studio embedded.agentic.skills.list            idempotent      data_list? page none documented
  = List skills.
  ? folder_id:int page:int per_page:int
managed_users.agentic.skills.create                 POST   /api /managed_users/{managed_user_id}/agentic/skills                                                   customer agent_studio embedded.agentic.skills.other           reconcile_first data?      none json inferred
  = Make a skill from a recipe.
  > recipe_id*:int
  ~ List the folder and match provider_id.
managed_users.agentic.skills.get                    GET    /api /managed_users/{managed_user_id}/agentic/skills/{skill_id}                                        customer agent_studio embedded.agentic.skills.get             idempotent      data?      none none documented
  = Fetch one skill.
  / skill_id
agentic.genies.list                                 GET    /api /agentic/genies                                                                                   partner  agent_studio developer.agentic.genies.list           idempotent      data_list  page none documented
  = List genies (AI agents).
  ? folder_id:int project_id:int state page:int per_page:int
agentic.genies.create                               POST   /api /agentic/genies                                                                                   partner  agent_studio developer.agentic.genies.other          reconcile_first data       none json documented
  = Create a genie.
  > name* folder_id*:int description instructions ai_provider matrix:object shared_account_id:int custom_oauth_key_id:int
  ~ List the folder and match the name.
agentic.genies.get                                  GET    /api /agentic/genies/{genie_id}                                                                        partner  agent_studio developer.agentic.genies.get            idempotent      data       none none documented
  = Fetch one genie.
  / genie_id
agentic.genies.update                               PUT    /api /agentic/genies/{genie_id}                                                                        partner  agent_studio developer.agentic.genies.other          safe_to_retry   data       none json documented
  = Update a genie; send only what changes.
  / genie_id
  > name folder_id:int description instructions ai_provider matrix:object shared_account_id:int custom_oauth_key_id:int
agentic.genies.delete                               DELETE /api /agentic/genies/{genie_id}                                                                        partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none none documented
  = Delete a genie.
  / genie_id
agentic.genies.start                                POST   /api /agentic/genies/{genie_id}/start                                                                  partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none none documented
  = Start a genie.
  / genie_id
agentic.genies.stop                                 POST   /api /agentic/genies/{genie_id}/stop                                                                   partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none none documented
  = Stop a genie.
  / genie_id
agentic.genies.assign_skills                        POST   /api /agentic/genies/{genie_id}/assign_skills                                                          partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none json documented
  = Assign skills to a genie.
  / genie_id
  > skill_ids*:str[]
agentic.genies.remove_skills                        POST   /api /agentic/genies/{genie_id}/remove_skills                                                          partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none json documented
  = Remove skills from a genie.
  / genie_id
  > skill_ids*:str[]
agentic.genies.assign_knowledge_bases               POST   /api /agentic/genies/{genie_id}/assign_knowledge_bases                                                 partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none json documented
  = Assign knowledge bases to a genie.
  / genie_id
  > knowledge_base_ids*:str[]
agentic.genies.remove_knowledge_bases               POST   /api /agentic/genies/{genie_id}/remove_knowledge_bases                                                 partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none json documented
  = Remove knowledge bases from a genie.
  / genie_id
  > knowledge_base_ids*:str[]
agentic.genies.assign_user_groups                   POST   /api /agentic/genies/{genie_id}/assign_user_groups                                                     partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none json documented
  = Assign identity user groups to a genie.
  / genie_id
  > user_group_ids*:str[]
agentic.genies.remove_user_groups                   POST   /api /agentic/genies/{genie_id}/remove_user_groups                                                     partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none json documented
  = Remove identity user groups from a genie.
  / genie_id
  > user_group_ids*:str[]
agentic.genies.conversations.list                   GET    /api /agentic/genies/{genie_id}/conversations                                                          partner  agent_studio developer.agentic.conversations         idempotent      data_list? page none client
  = List the conversations of a genie.
  / genie_id
  ? page:int per_page:int
agentic.genies.conversations.events                 GET    /api /agentic/genies/{genie_id}/conversations/{conversation_id}/events                                 partner  agent_studio developer.agentic.conversations         idempotent      data_list? none none client
  = Event trace of one conversation.
  / genie_id conversation_id
agentic.genies.guardrails.get                       GET    /api /agentic/genies/{genie_id}/guardrails                                                             partner  agent_studio developer.agentic.genies.other          idempotent      data       none none client
  = Content policies of a genie.
  / genie_id
  + 404 while the feature is off.
agentic.genies.guardrails.policies.upsert           PUT    /api /agentic/genies/{genie_id}/guardrails/policies/{policy_type}                                      partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none json client
  = Set one content policy; the whole configuration is replaced.
  / genie_id policy_type
  > configuration*:object
agentic.genies.guardrails.pii_entities              GET    /api /agentic/genies/guardrails/policies/pii_entities                                                  partner  agent_studio developer.agentic.genies.other          idempotent      data_list? none none client
  = Names of the personal data kinds that can be detected.
agentic.genie_clients.list                          GET    /api /agentic/genies/clients                                                                           partner  agent_studio developer.agentic.genies.other          idempotent      data_list  page none client
  = List genie clients.
  ? page:int per_page:int
agentic.genie_clients.create                        POST   /api /agentic/genies/clients                                                                           partner  agent_studio developer.agentic.genies.other          reconcile_first data       none json client
  = Create a genie client.
  > client_name* auth*:object
  ~ List and match client_name; the key of a lost reply can only be regenerated.
  + api_key is shown once.
agentic.genie_clients.regenerate                    POST   /api /agentic/genies/clients/{client_id}/regenerate                                                    partner  agent_studio developer.agentic.genies.other          reconcile_first data?      none none client
  = Mint a new key for an api_key client.
  / client_id
  ~ Rotates a secret: never in parallel, the newest reply counts.
agentic.genie_clients.delete                        DELETE /api /agentic/genies/clients/{client_id}                                                               partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none none client
  = Delete a genie client.
  / client_id
agentic.genies.clients.attach                       POST   /api /agentic/genies/{genie_id}/clients                                                                partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none json client
  = Attach a client to a genie.
  / genie_id
  > genie_client_id*
agentic.genies.clients.detach                       DELETE /api /agentic/genies/{genie_id}/clients/{client_id}                                                    partner  agent_studio developer.agentic.genies.other          safe_to_retry   data?      none none client
  = Detach a client from a genie.
  / genie_id client_id
agentic.knowledge_bases.list                        GET    /api /agentic/knowledge_bases                                                                          partner  agent_studio developer.agentic.knowledge_bases.list  idempotent      data_list? page none documented
  = List knowledge bases.
  ? folder_id:int project_id:int query page:int per_page:int
agentic.knowledge_bases.create                      POST   /api /agentic/knowledge_bases                                                                          partner  agent_studio developer.agentic.knowledge_bases.other reconcile_first data?      none json documented
  = Create a knowledge base.
  > name* folder_id*:int description source_type data_sources:object[]
  ~ List the folder and match the name.
agentic.knowledge_bases.get                         GET    /api /agentic/knowledge_bases/{knowledge_base_id}                                                      partner  agent_studio developer.agentic.knowledge_bases.get   idempotent      data?      none none documented
  = Fetch one knowledge base.
  / knowledge_base_id
agentic.knowledge_bases.update                      PUT    /api /agentic/knowledge_bases/{knowledge_base_id}                                                      partner  agent_studio developer.agentic.knowledge_bases.other safe_to_retry   data?      none json documented
  = Update a knowledge base.
  / knowledge_base_id
  > name folder_id:int description source_type data_sources:object[]
agentic.knowledge_bases.delete                      DELETE /api /agentic/knowledge_bases/{knowledge_base_id}                                                      partner  agent_studio developer.agentic.knowledge_bases.other safe_to_retry   data?      none none documented
  = Delete a knowledge base.
  / knowledge_base_id
agentic.knowledge_bases.data_sources                GET    /api /agentic/knowledge_bases/{knowledge_base_id}/data_sources                                         partner  agent_studio developer.agentic.knowledge_bases.other idempotent      data?      none none documented
  = Data sources of a knowledge base.
  / knowledge_base_id
agentic.knowledge_bases.recipes                     GET    /api /agentic/knowledge_bases/{knowledge_base_id}/recipes                                              partner  agent_studio developer.agentic.knowledge_bases.other idempotent      data_list? page none documented
  = Recipes that feed a knowledge base.
  / knowledge_base_id
  ? page:int per_page:int
agentic.skills.list                                 GET    /api /agentic/skills                                                                                   partner  agent_studio developer.agentic.skills.list           idempotent      data_list  page none documented
  = List skills.
  ? folder_id:int page:int per_page:int
agentic.skills.create                               POST   /api /agentic/skills                                                                                   partner  agent_studio developer.agentic.skills.other          reconcile_first data       none json documented
  = Make a skill from a recipe.
  > recipe_id*:int
  ~ List the folder and match provider_id.
agentic.skills.get                                  GET    /api /agentic/skills/{skill_id}                                                                        partner  agent_studio developer.agentic.skills.get            idempotent      data       none none documented
  = Fetch one skill.
  / skill_id
"""  # noqa: E501 - a table
