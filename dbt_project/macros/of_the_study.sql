{#-
    Rows of the splits and instruments that the study names now. What was taken out of a study stays in `ml`, as it was
    dear to make, and is shown again when the study names it again.
-#}
{% macro of_the_study() -%}
    split in (select split from {{ source('raw', 'splits') }})
    and instrument in (select instrument from {{ source('raw', 'instruments') }})
{%- endmacro %}

{% macro populations_of_the_study() -%}
    population in (select population from {{ source('raw', 'populations') }})
{%- endmacro %}
