{#-
    A table's name for a view: schema and name alone. DuckDB's name of the database is that of its file, so that a view with
    it could not be read in a copy of the file that is called otherwise.
-#}
{% macro without_database(relation) -%}
{{ relation.include(database=false) }}
{%- endmacro %}
