{#-
    Each entity that occurs is replaced by its character. `&amp;` goes first and twice, so that doubly encoded text is
    decoded too. Codes 128 to 159 are meant as Windows-1252, the old catalogues' encoding.
-#}
{% macro decode_entities(text) -%}
    {%- set bare = "replace(replace(" ~ text ~ ", '&amp;', '&'), '&amp;', '&')" -%}
    case
        when contains({{ text }}, '&')
            then translate(
                list_reduce(
                    list_distinct(regexp_extract_all({{ bare }}, '&(?:#[xX]?[0-9a-fA-F]{1,7}|[a-zA-Z]+[0-9]*);')),
                    lambda decoded, entity: replace(decoded, entity, {{ entity_character("entity") }}),
                    {{ bare }}
                ),
                chr(133) || chr(145) || chr(146) || chr(147) || chr(148) || chr(149) || chr(150) || chr(151) || chr(153),
                '…‘’“”•–—™'
            )
        else {{ text }}
    end
{%- endmacro %}

{#- An unknown name stays as it is. What numbers no character (surrogates, past the last plane) becomes a blank. -#}
{% macro entity_character(entity) -%}
    {%- set named = {
        "lt": "<", "gt": ">", "quot": '"', "apos": "''", "nbsp": " ", "ndash": "–", "mdash": "—",
        "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "hellip": "…", "bull": "•", "middot": "·",
        "trade": "™", "reg": "®", "copy": "©", "deg": "°", "frac12": "½", "times": "×",
        "aacute": "á", "agrave": "à", "acirc": "â", "auml": "ä", "ccedil": "ç", "eacute": "é", "egrave": "è",
        "ecirc": "ê", "iacute": "í", "ntilde": "ñ", "oacute": "ó", "ocirc": "ô", "ouml": "ö", "uacute": "ú",
        "uuml": "ü", "szlig": "ß",
    } -%}
    {%- set prefix = "case when " ~ entity ~ " ilike '&#x%' then '0x' else '' end" -%}
    {%- set code = "try_cast(" ~ prefix ~ " || regexp_extract(" ~ entity ~ ", '[0-9a-fA-F]+') as integer)" -%}
    case
        {%- for name, character in named.items() %}
        when {{ entity }} = '&{{ name }};' then '{{ character }}'
        {%- endfor %}
        when {{ entity }} not like '&#%' then {{ entity }}
        when {{ code }} between 32 and 55295 or {{ code }} between 57344 and 1114111 then chr({{ code }})
        else ' '
    end
{%- endmacro %}
