{#- The names in a category path, without repeats. Some catalogues append sentences of advertising: those go. -#}
{% macro category_names(path) -%}
    coalesce(
        list_filter(
            list_transform({{ path }}, lambda element: trim(element)),
            lambda element, place:
                element != ''
                and length(element) <= 60
                and not element ilike '%.'
                and list_position(list_transform({{ path }}, lambda other: trim(other)), element) = place
        ),
        []
    )
{%- endmacro %}

{#- `All_Beauty` as people write it. -#}
{% macro readable_category(category) -%}
    replace({{ category }}, '_', ' ')
{%- endmacro %}
