{#- `&amp;` goes first and twice, so that doubly encoded text is decoded too. Text without `&` is left alone, which is fast. -#}
{% macro decode_entities(text) -%}
    {%- set named = {
        "lt": "<", "gt": ">", "quot": '"', "apos": "''", "nbsp": " ", "ndash": "–", "mdash": "—",
        "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "hellip": "…", "bull": "•", "middot": "·",
        "trade": "™", "reg": "®", "copy": "©", "deg": "°", "frac12": "½", "times": "×",
        "aacute": "á", "agrave": "à", "acirc": "â", "auml": "ä", "ccedil": "ç", "eacute": "é", "egrave": "è",
        "ecirc": "ê", "iacute": "í", "ntilde": "ñ", "oacute": "ó", "ocirc": "ô", "ouml": "ö", "uacute": "ú",
        "uuml": "ü", "szlig": "ß",
    } -%}
    {%- set ns = namespace(sql="replace(replace(" ~ text ~ ", '&amp;', '&'), '&amp;', '&')") -%}
    {%- for entity, character in named.items() -%}
        {%- set ns.sql = "replace(" ~ ns.sql ~ ", '&" ~ entity ~ ";', '" ~ character ~ "')" -%}
    {%- endfor -%}
    case when contains({{ text }}, '&') then {{ decode_numeric_entities(ns.sql) }} else {{ text }} end
{%- endmacro %}

{#- `&#39;` and `&#x27;`. Codes 128 to 159 are meant as Windows-1252, the old catalogues' encoding. -#}
{% macro decode_numeric_entities(text) -%}
    translate(
        list_reduce(
            list_distinct(regexp_extract_all({{ text }}, '&#[xX]?[0-9a-fA-F]{1,7};')),
            lambda decoded, entity: replace(decoded, entity, chr({{ entity_codepoint("entity") }})),
            {{ text }}
        ),
        chr(133) || chr(145) || chr(146) || chr(147) || chr(148) || chr(149) || chr(150) || chr(151) || chr(153),
        '…‘’“”•–—™'
    )
{%- endmacro %}

{#- What names no character (surrogates, past the last plane, letters in a decimal code) becomes a blank. -#}
{% macro entity_codepoint(entity) -%}
    {%- set prefix = "case when " ~ entity ~ " ilike '&#x%' then '0x' else '' end" -%}
    {%- set code = "try_cast(" ~ prefix ~ " || regexp_extract(" ~ entity ~ ", '[0-9a-fA-F]+') as integer)" -%}
    case
        when {{ code }} between 32 and 55295 or {{ code }} between 57344 and 1114111 then {{ code }}
        else 32
    end
{%- endmacro %}
