"""Chat templates for language models without one, and for the published OpenTSLM checkpoints.

A template that names `time_series` gets the content of a message as parts, and writes `time_series_token` for each
series. Any other template gets the content as one string with the tokens written, so that instruct models keep theirs.
"""

DEFAULT_CHAT_TEMPLATE = """\
{{- bos_token if bos_token is defined else '' }}
{%- for message in messages %}
    {%- if message['content'] is defined and message['content'] is not string %}
        {{- raise_exception('The content of a message is a list of parts; render it with the processor.') }}
    {%- endif %}
    {%- if message['role'] == 'assistant' %}
        {{- 'Assistant:' }}
        {%- generation %}
        {{- ' ' ~ message['content'] ~ (eos_token if eos_token is defined else '') }}
        {%- endgeneration %}
        {{- '\\n' }}
    {%- else %}
        {{- message['role'] | capitalize ~ ': ' ~ message['content'] ~ '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- 'Assistant:' }}
{%- endif %}
"""

# Every text starts with BOS and nothing joins the parts: text of a series, then the series.
OPENTSLM_SOFT_PROMPT_TEMPLATE = """\
{%- for message in messages %}
    {%- if message['role'] == 'assistant' %}
        {%- generation %}
        {%- for part in message['content'] %}{{- part['text'] }}{%- endfor %}
        {{- eos_token }}
        {%- endgeneration %}
    {%- else %}
        {%- for part in message['content'] %}
            {{- time_series_token if part['type'] == 'time_series' else bos_token ~ part['text'] }}
        {%- endfor %}
    {%- endif %}
{%- endfor %}
"""

# One BOS, spaces between the parts, and a chunk for each series: the series, its text, the end-of-chunk token.
OPENTSLM_FLAMINGO_TEMPLATE = """\
{{- bos_token }}
{%- for message in messages %}
    {%- if message['role'] == 'assistant' %}
        {%- generation %}
        {{- ' ' }}
        {%- for part in message['content'] %}{{- part['text'] }}{%- endfor %}
        {{- eos_token }}
        {%- endgeneration %}
    {%- else %}
        {%- for part in message['content'] %}
            {{- '' if loop.first else ' ' }}
            {{- time_series_token if part['type'] == 'time_series' else part['text'] }}
            {{- ' <|endofchunk|>' if loop.previtem is defined and loop.previtem['type'] == 'time_series' else '' }}
        {%- endfor %}
    {%- endif %}
{%- endfor %}
"""
