{#- Schemas are part of the contract, so a model lands in exactly the schema that it names. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
