{#-
    Text that a person would read: entities decoded, scripts, comments, tags and review markup removed, control
    characters and runs of blanks turned into one blank. Empty when nothing is left; NULL when the input is.
    Entities are decoded first, because catalogues also hold encoded tags.
-#}
{% macro clean_text(text) -%}
    {%- set patterns = [
        "<(script|style)\\b.*?</(script|style)>",
        "<!--.*?-->",
        "\\[\\[[A-Z]+:[^\\]]*\\]\\]",
        "</?[a-zA-Z][^<>]*>",
        "<[a-zA-Z][a-zA-Z0-9]*\\s+[a-zA-Z-]+\\s*=[^<>]*$",
        '^[^<>]*"\\s*/>',
        "[\\s\\p{Z}\\p{Cc}\\p{Cf}\\x{FFFD}]+",
    ] -%}
    {%- set ns = namespace(sql=decode_entities(text)) -%}
    {%- for pattern in patterns -%}
        {%- set ns.sql = "regexp_replace(" ~ ns.sql ~ ", '" ~ pattern ~ "', ' ', 'gs')" -%}
    {%- endfor -%}
    trim({{ ns.sql }})
{%- endmacro %}

{#- Cut to a length between words, with dots where something was cut. -#}
{% macro truncate_text(text, length) -%}
    case
        when length({{ text }}) > {{ length }}
            then regexp_replace(left({{ text }}, {{ length }} - 3), '[\s,;:.-]+\S*$', '') || '...'
        else {{ text }}
    end
{%- endmacro %}

{#- The first sentence, if it is short enough; else as many words as fit. -#}
{% macro opening_words(text, length) -%}
    coalesce(
        nullif(regexp_extract({{ text }}, '^(.{12,{{ length - 1 }}}?)[.!?](\s|$)', 1), ''),
        {{ truncate_text(text, length) }}
    )
{%- endmacro %}

{#- NULL for names that are empty, hold no letter or digit, say "nothing", or are a page's script. -#}
{% macro real_name(text) -%}
    case
        when not regexp_matches({{ text }}, '[\p{L}\p{N}]') then null
        when lower({{ text }}) in ('n/a', 'na', 'nan', 'none', 'null', 'undefined', 'unknown') then null
        when regexp_matches({{ text }}, 'getTime|function\s*\(|\bvar \w+ ?=|\b(document|window)\.\w|\{\s*[\w-]+\s*:[^}]*\}') then null
        else {{ text }}
    end
{%- endmacro %}
