{#- DuckDB sorts NaN above every number, so that a comparison with a threshold would pass: make it NULL. -#}
{% macro finite(number) -%}
    case when isfinite({{ number }}) then {{ number }} end
{%- endmacro %}
