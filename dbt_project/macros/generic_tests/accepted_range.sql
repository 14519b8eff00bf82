{#- Inclusive bounds; `above` is an exclusive lower one. NULL passes: not_null is a test of its own. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none, above=none) %}
select {{ column_name }}
from {{ model }}
where
    false
    {%- if min_value is not none %}
    or {{ column_name }} < {{ min_value }}
    {%- endif %}
    {%- if max_value is not none %}
    or {{ column_name }} > {{ max_value }}
    {%- endif %}
    {%- if above is not none %}
    or {{ column_name }} <= {{ above }}
    {%- endif %}
{% endtest %}
