{#-
    The rows of an incremental model that a test of `dbt build` looks at: those that no successful build has tested yet.
    `dbt test` looks at all.
-#}
{% macro untested(relation, key) -%}
    {{ beside_untested(relation, relation, key) }}
{%- endmacro %}

{#- Of another relation, the rows that share their key with a row of `made` that `untested` would look at. -#}
{% macro beside_untested(relation, made, key) -%}
    {%- if flags.WHICH == "build" and has_tested_keys(made) -%}
    (select * from {{ relation }} semi join (
        select * from {{ built_states(made) }} where not is_tested
    ) using ({{ key | join(", ") }}))
    {%- else -%}
    {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- After a full build there are none, and a join that keeps every row would be a fifth of all tests' time. -#}
{% macro has_tested_keys(made) -%}
    {%- if execute -%}
        {%- set tested = run_query("from " ~ built_states(made) ~ " where is_tested limit 1") -%}
        {{ return(tested.rows | length > 0) }}
    {%- endif -%}
    {{ return(true) }}
{%- endmacro %}

{#- Lets a generic test say `where: untested by split, user_id`, the key of the model. -#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get("where", "") -%}
    {%- if where and where.startswith("untested by ") -%}
        {{ return(untested(relation, where[12:].split(", ")) ~ (" as untested" if flags.WHICH == "build" else "")) }}
    {%- elif where -%}
        {{ return("(select * from " ~ relation ~ " where " ~ where ~ ") as filtered") }}
    {%- else -%}
        {{ return(relation) }}
    {%- endif -%}
{%- endmacro %}

{#-
    After a build: what was built counts as tested, unless a test of it failed, or was left out: of one model built alone, the
    tests that need others too. Tests that look at all rows each time may be left out: none of theirs is passed over.
-#}
{% macro mark_tested(results) -%}
    {%- if execute and flags.WHICH == "build" -%}
        {%- set failed = [] -%}
        {%- for result in results if result.node.resource_type == "test" and result.status | string not in ["pass", "warn"] -%}
            {%- do failed.extend(result.node.depends_on.nodes) -%}
        {%- endfor -%}
        {%- set ran = results | map(attribute="node.unique_id") | list -%}
        {%- for test in graph.nodes.values() if test.resource_type == "test" and test.unique_id not in ran
            and "untested" in test.raw_code ~ test.config.where -%}
            {%- do failed.extend(test.depends_on.nodes) -%}
        {%- endfor -%}
        {%- for result in results
            if result.node.resource_type == "model"
            and result.node.config.materialized == "incremental"
            and result.node.schema in ["staging", "corpus", "personas"]
            and result.status | string == "success"
            and result.node.unique_id not in failed %}
            update "{{ result.node.database }}"."{{ result.node.schema }}"."{{ result.node.name }}_built" set is_tested = true where not is_tested;
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
