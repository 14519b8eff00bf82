{#-
    Incremental models, exact after every batch. A `states` table says for each key (a split and user, say) what the
    key's rows are made from, as a hash. Beside an incremental model `m` stands the table `m_built`: the state that each
    key's rows in `m` were made from. A build deletes the keys whose state changed or went, and inserts those without an
    entry; both, and `m_built`, in one transaction. Without `m_built`, or when it is empty, everything is made anew. A lake
    has no unique keys: two builds at once may have made a key twice, which then has two entries, and is deleted too.
-#}
{% macro built_states(model=none) -%}
    {%- set made = model or this -%}
    {{ made.include(identifier=false) }}.{{ made.identifier }}_built
{%- endmacro %}

{#- Of all models up to the corpus and personas, and of all macros. -#}
{% macro code_hash() -%}
    {%- set code = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) | sort(attribute="unique_id") -%}
        {%- if node.resource_type == "model" and node.schema in ["staging", "corpus", "personas"] -%}
            {%- do code.append(node.checksum.checksum) -%}
        {%- endif -%}
    {%- endfor -%}
    {#- `graph` has no macros, but each one can be called here, and holds its own text. -#}
    {%- for name in context | sort -%}
        {%- if context[name].macro is defined and context[name].macro.package_name == project_name -%}
            {%- do code.append(context[name].macro.macro_sql) -%}
        {%- endif -%}
    {%- endfor -%}
    hash('{{ local_md5(code | join) }}')
{%- endmacro %}

{#-
    dbt asks this of every model. One that other code made is made anew as a whole, since its columns may be others, too.
    As JSON, as an `m_built` of older code has no column `code`.
-#}
{% macro should_full_refresh() -%}
    {%- if execute and adapter.get_relation(this.database, this.schema, this.identifier ~ "_built") -%}
        {%- set made = run_query(
            "select to_json(made) ->> 'code' is not distinct from " ~ code_hash() ~ "::varchar from ("
            ~ "from " ~ built_states() ~ " limit 1) as made"
        ) -%}
        {%- if made.rows and not made.rows[0][0] -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(dbt.should_full_refresh()) }}
{%- endmacro %}

{#- Before the model: forget keys whose state changed or went, or that were made twice. -#}
{% macro forget_stale(states, key, state) -%}
    {%- set keys = key | join(", ") -%}
    create {{ "table if not exists" if is_incremental() else "or replace table" }} {{ built_states() }} (
        {{ key | join(" varchar, ") }} varchar, state ubigint, code ubigint, is_tested boolean
    );
    {%- if is_incremental() %}
    create or replace temp table stale_keys as
    select {{ keys }} from {{ built_states() }}
    anti join (select {{ keys }}, {{ state }} as state from {{ states }} where {{ state }} is not null)
        using ({{ keys }}, state)
    union
    -- By hash, in half the time; keys that only share theirs are made anew in vain.
    select {{ keys }} from {{ built_states() }} as made
    semi join (
        select hash({{ keys }}) as key_hash from {{ built_states() }}
        group by key_hash
        having count(*) > 1
    ) as repeated on hash({{ keys }}) = repeated.key_hash;
    delete from {{ this }} where not exists (select 1 from {{ built_states() }});
    {%- for table in [this, built_states()] %}
    -- As a join: `in` over several columns at once took four times as long.
    delete from {{ table }} as made using stale_keys
    where {% for column in key %}{{ "and " if not loop.first }}made.{{ column }} = stale_keys.{{ column }} {% endfor %};
    {%- endfor %}
    {%- endif %}
{%- endmacro %}

{#- In the model: the keys to make, all of them in a full build. In a unit test there is no `this`. -#}
{% macro pending(states, key, state) -%}
    select {{ key | join(", ") }} from {{ states }}
    {%- if this and is_incremental() %}
    anti join {{ built_states() }} using ({{ key | join(", ") }})
    {%- endif %}
    where {{ state }} is not null
{%- endmacro %}

{#-
    For a CTE that is read several times: `interactions as {{ held_in_a_batch() }} (`. DuckDB would hold its rows in memory,
    which is quicker than to find the few of a batch again; in a full build they are the whole table, and reading that
    again is quicker.
-#}
{% macro held_in_a_batch() -%}
    {{ "materialized" if this and is_incremental() else "not materialized" }}
{%- endmacro %}

{#- After the model: what was made, still to be tested. -#}
{% macro remember(states, key, state) -%}
    {%- set keys = key | join(", ") -%}
    insert into {{ built_states() }} ({{ keys }}, state, code, is_tested)
    select {{ keys }}, {{ state }}, {{ code_hash() }}, false from {{ states }}
    anti join {{ built_states() }} using ({{ keys }})
    where {{ state }} is not null
{%- endmacro %}
