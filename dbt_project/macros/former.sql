{#-
    What a model's table holds before this build, for a model that can start from it; no rows at first, after
    `--full-refresh`, and in a unit test, where there is no `this`.
-#}
{% macro former_rows(columns) -%}
    {%- set former = load_cached_relation(this) if this and not flags.FULL_REFRESH -%}
    {%- if former -%}
    select {{ columns | join(", ") }} from {{ former }}
    {%- else -%}
    select '' as {{ columns | join(", '' as ") }} where false
    {%- endif -%}
{%- endmacro %}
