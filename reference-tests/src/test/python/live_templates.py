"""Random chat templates: this project's Jinja against the real jinja2, set up as transformers does it. Nothing is committed but with --write.

Run:  python live_templates.py [--count N] [--seed S] [--show N] java -cp target/agl.jar        (after mvn package)
      python live_templates.py --count 400 --seed 7 --write nn/src/test/resources/agl/nn/jinja/templates.json        what jinja2 gives, for TemplateFixtureTest

For each template that jinja2 renders: equal, refused (with a clear message) or silently different. A template that jinja2 refuses must be refused.
Exit code 1 if one is silently different, or rendered though jinja2 refuses it.
"""
import argparse
import collections
import datetime
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from transformers.utils import chat_template_utils

HERE = pathlib.Path(__file__).parent
TIME = datetime.datetime(2031, 4, 9, 17, 5, 3)


class FixedTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(TIME.year, TIME.month, TIME.day, TIME.hour, TIME.minute, TIME.second)


chat_template_utils.datetime = FixedTime

# By feature: each is a template of its own; names is the list a..e, text a string, n a number.
FEATURES = r"""
named arguments: {{ ['x','y'] | join(d=' ') }}|{{ ['x','y'] | join(' ', attribute=none) }}|{{ '--x--' | trim(chars='-') }}|{{ none | default(default_value='d', boolean=true) }}
named arguments: {{ 'a-b' | replace(old='a', new='c') }}|{{ 'aaa' | replace('a', 'b', count=2) }}|{{ 2.567 | round(precision=1, method='floor') }}|{{ '12' | int(base=8) }}|{{ 'zz' | int(default=4) }}
named arguments: {{ [{'a':3},{'a':1}] | sort(attribute='a') }}|{{ [3,1] | sort(reverse=true) }}|{{ 'x\ny' | indent(width=2, first=true) }}|{{ [1] | map(attribute='a', default=7) | list }}
named arguments: {{ 'x' | trim(chars='x', other=1) }}
named arguments: {{ 'x' | join(sep=1) }}
named arguments: {{ 'a b c'.split(sep=' ', maxsplit=1) }}|{{ 'a b'.replace('a', 'b', 1) }}|{{ 'a\nb\n'.splitlines(keepends=true) }}
loop: {% for m in 'abc' %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}
loop: {% for m in 'abc' %}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.previtem is defined }}{{ loop.nextitem | default('none') }};{% endfor %}
loop: {% for m in [1,1,2,2,1] %}{{ loop.changed(m) }}{{ loop.cycle('a','b','c') }}{% endfor %}
loop: {% for m in [1,2] %}{% for k in [3,4] %}{{ loop.depth }}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}
loop: {% for m in [1,2] %}{% set outer = loop %}{% for k in [3] %}{{ outer.index }}{{ loop.index }}{% endfor %}{% endfor %}
loop: {% for m in [] %}x{% else %}none{% endfor %}{% for m in [1,2] if m > 5 %}x{% else %}none{% endfor %}{% for m in [1,2,3] if m != 2 %}{{ m }}{{ loop.index }}/{{ loop.length }}{% endfor %}
loop: {% for a, b in [(1,2),(3,4)] %}{{ a }}-{{ b }};{% endfor %}{% for a, (b, c) in [(1,(2,3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}
loop: {% for k, v in {'a':1,'b':2}.items() %}{{ k }}={{ v }};{% endfor %}{% for k in {'a':1,'b':2} %}{{ k }}{% endfor %}{% for k, v in {'a':1} | items %}{{ k }}{{ v }}{% endfor %}
loop: {% for x in [1,[2,[3]]] recursive %}{% if x is iterable %}({{ loop(x) }}{{ loop.depth }}){% else %}{{ x }}{% endif %}{% endfor %}
loop: {% for x in range(9) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}
loop: {% for x in [1,2] %}{{ loop }}{% endfor %}
loop: {% for x in [1] %}{{ loop.missing }}{{ loop.missing is defined }}{% endfor %}{{ loop is defined }}{{ loop }}
loop: {% for x in [1] %}{{ loop['index'] }}{% endfor %}
loop: {% for x in 5 %}{% endfor %}
loop: {% for x in none %}{% endfor %}
loop: {% for x in missing %}y{% else %}n{% endfor %}
loop: {% for a, b in [1] %}{% endfor %}
loop: {% for a, b in [(1,2,3)] %}{% endfor %}
loop: {% for a in [1,2,3] %}{% set x = a %}{% endfor %}{{ x }}|{% set x = 0 %}{% for a in [1,2] %}{% set x = x + a %}{{ x }}{% endfor %}{{ x }}
loop: {% for x in [3,4] %}{{ loop.index * x }}{{ loop.revindex0 ~ '' }}{% endfor %}{% for loop in [1] %}{% endfor %}
namespace: {% set ns = namespace(a=1) %}{% set ns.a = ns.a + 1 %}{{ ns.a }}{{ ns.b }}{{ ns.b is defined }}{{ ns['a'] }}
namespace: {% set ns = namespace({'a': 3}, b=4) %}{{ ns.a }}{{ ns.b }}{% for x in [1,2] %}{% set ns.a = ns.a + x %}{% endfor %}{{ ns.a }}
namespace: {% set ns = namespace() %}{% set ns.list = [] %}{% for x in [1,2] %}{% set ns.list = ns.list + [x] %}{% endfor %}{{ ns.list }}
namespace: {% set x = 1 %}{% set x.y = 2 %}
namespace: {{ namespace(1) }}
namespace: {% set ns = namespace([('a',1)]) %}{{ ns.a }}{% set ns._b = 1 %}
items: {% for k, v in messages[0].items() %}{{ k }}={{ v }};{% endfor %}{{ messages[0].keys() | list }}{{ messages[0].values() | list }}
items: {{ {'b':1,'a':2}.items() }}{{ {'b':1}.keys() }}{{ {'b':1}.values() }}{{ {'b':1,'a':2} | dictsort }}{{ {'b':1,'a':2} | dictsort(by='value', reverse=true) }}
items: {{ {'b':1,'a':2}.items() | list }}{{ {'a':1}.get('a') }}{{ {'a':1}.get('b') }}{{ {'a':1}.get('b', 3) }}{{ {'a':1} | length }}{{ 'a' in {'a':1} }}{{ dict(a=1, b=2) }}{{ dict({'a':1}, b=2) }}{{ dict([('x', 1)]) }}
items: {{ {'a':1}.a }}{{ {'a':1}['a'] }}{{ {'items':1}.items }}{{ {'a':1}.b }}{{ {'a':1}['b'] is defined }}{{ {1:'c'}[1] }}{{ {1:'c'}[1.0] }}{{ {1:'c'}[true] }}{{ {none:'n'}[none] }}{{ {(1,2):'t'}[(1,2)] }}
items: {{ {'items':1}.items() }}
items: {{ {'a': 1, 'a': 2} }}{{ {1: 'x', 1.0: 'y', true: 'z'} }}{{ {'a':1} == {'a':1.0} }}{{ {'a':1,'b':2} == {'b':2,'a':1} }}{{ {'a':[1,{'b':none}]} }}
white space: a {{- 'b' -}}  c{{ '\xa0 x \u2003' | trim }}|{{ '\x1c\x1d x\x1f'.strip() }}|{{ '\u200b x'.strip() }}|{{ '\x85x'.lstrip() }}|{{ 'x\u3000'.rstrip() }}
white space: {{ 'a\xa0b\x1cc d\u2028e'.split() }}|{{ ' a  b '.split() }}|{{ ' a  b '.split(' ') }}|{{ ' a b c '.split(none, 1) }}|{{ ' a b c '.rsplit(none, 1) }}|{{ ''.split() }}{{ ''.split(',') }}
white space: {{ 'a\nb\r\nc\rd\x0be\x0cf\x1cg\x85h\u2028i'.splitlines() }}|{{ 'a\n'.splitlines() }}|{{ ''.splitlines() }}|{{ ' \t\n'.isspace() }}{{ ''.isspace() }}{{ '\xa0'.isspace() }}
white space: a  {%- if true -%}  b  {%- endif -%}  c {% if true %}  d  {% endif %} e{%+ if true +%} f {%- endif +%} g
white space:   {% if true %}    x{% endif %}    {# c #}    y   {#- c -#}   z
white space: {% raw %}  {{ x }} {% y %} {% endraw %}|{%- raw -%}  {{ z }}  {%- endraw -%}  |{% raw %}{% endraw %}
white space: {{ 1 }}  {{- 2 }}  {{ 3 -}}  {{ 4 }} {{+ 5 }}
escapes: {{ '\0a\101\x41\u00e9\U0001F600\n\t\\\'\"\q' }}|{{ "\a\b\f\v" | length }}|{{ '\N{BULLET}' }}|{{ 'é漢😀' | length }}|{{ '漢'[0] }}|{{ 'a' 'b' "c" }}
escapes: {{ '\777\78' | length }}{{ '\x4' }}
escapes: {{ '\u12' }}
escapes: {{ '\N{NO SUCH}' }}
escapes: {{ ['a\'b', "c\"d", 'e\'"f', '\n\t\r\\', '\x00\x7f\x85\xa0\xad', 'é漢😀', '\u2028\ud7ff\ufeff', '\u200b\U000e0001'] }}
escapes: {{ 'a
b' }}|{{ 'tab	' }}
numbers: {% if 1 == 1.0 %}a{% endif %}{% if true == 1 %}b{% endif %}{{ {1:'c'}[1] }}{% if (1,2) == [1,2] %}d{% endif %}{{ 1 in [1.0] }}{{ true in [1] }}{{ '1' == 1 }}{{ none == false }}{{ 0 == false }}
numbers: {{ 1 / 2 }} {{ 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 2 ** 0.5 }} {{ 1e3 }} {{ 1_000 }}
numbers: {{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e15 }} {{ 1.5e-5 }} {{ 0.0001 }} {{ 123456789.0 }} {{ 1e22 }} {{ 1e300 * 1e10 }} {{ -0.0 }} {{ 3.0 }} {{ 1e100 }} {{ 12345678901234567890.0 }} {{ 5e-324 }}
numbers: {{ 9223372036854775807 + 1 }} {{ 10 ** 30 }} {{ 99999999999999999999 // 7 }} {{ -99999999999999999999 % 7 }} {{ 2 ** 64 * 2 }} {{ 10 ** 20 == 1e20 }} {{ (10 ** 20) / 3 }} {{ 12345678901234567890 > 1.5 }}
numbers: {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1.0 is integer }} {{ 1 is float }} {{ true is integer }} {{ true is number }} {{ true + true }} {{ true * 3 }} {{ -true }} {{ +1 }} {{ - -1 }} {{ 1 - -1 }}
numbers: {{ 1 // 0 }}
numbers: {{ 1 % 0 }}
numbers: {{ 1.0 / 0 }}
numbers: {{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 < 2.5 }} {{ 'a' < 'b' }} {{ [1,2] < [1,3] }} {{ (1,) < (1,2) }} {{ 'a' < 'B' }} {{ true < 2 }} {{ not 1 == 2 }} {{ 1 == 1 == true }}
numbers: {{ 1 < 'a' }}
numbers: {{ none < 1 }}
numbers: {{ [1] < (2,) }}
numbers: {{ 'é' < 'z' }}{{ '😀' > '\uffff' }}{{ 1 != 1.0 }}{{ 1 is sameas 1 }}{{ true is sameas true }}{{ true is sameas 1 }}{{ none is sameas none }}
numbers: {{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 42 | round }} {{ 42.55 | round(1, 'ceil') }} {{ 42.55 | round(1, 'floor') }} {{ 1234 | round(-2) }} {{ 0.5 | round }} {{ -2.5 | round }} {{ 2.5 | round | int }}
numbers: {{ 3.7 | int }} {{ '3.7' | int }} {{ ' 42 ' | int }} {{ 'x' | int }} {{ 'x' | int(5) }} {{ '0x1f' | int(base=16) }} {{ none | int }} {{ true | int }} {{ '1_000' | int }} {{ -3.7 | int }} {{ '-5' | int }} {{ '٣' | int }} {{ missing | int }}
numbers: {{ 3 | float }} {{ '3.5' | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ 'inf' | float }} {{ 'nan' | float }} {{ ' 1e3 ' | float }} {{ none | float }} {{ '1_0.5' | float }} {{ true | float }}
numbers: {{ -5 | abs }} {{ (-5) | abs }} {{ -5.5 | abs }} {{ true | abs }} {{ [1,2,3] | sum }} {{ [1,2.5] | sum }} {{ [[1],[2]] | sum(start=[]) }} {{ [{'a':1},{'a':2}] | sum(attribute='a') }} {{ [0.1]*10 | sum if false else 'x' }} {{ [0.1,0.2,0.3] | sum }}
undefined: {{ missing }}|{{ missing | length }}|{{ missing | list }}|{{ missing | upper }}|{{ missing | default('d') }}|{{ missing | default }}|{{ missing | join(',') }}|{{ missing | trim }}|{{ missing | string }}|{{ 'x' in missing }}|{{ missing == missing2 }}|{{ missing == none }}|{{ not missing }}
undefined: {{ missing | first }}|{{ missing | last }}|{{ missing | reverse | list }}|{{ missing | sort }}|{{ missing | map('upper') | list }}|{{ missing | select | list }}|{{ missing | unique | list }}|{{ missing | sum }}|{{ missing | min }}
undefined: {{ missing | last }}
undefined: {{ missing | reverse }}
undefined: {{ missing | tojson }}
undefined: {{ missing.x }}
undefined: {{ missing['x'] }}
undefined: {{ missing() }}
undefined: {{ missing + 1 }}
undefined: {{ 1 + missing }}
undefined: {{ missing < 1 }}
undefined: {{ -missing }}
undefined: {{ missing ~ 'x' }}|{{ missing is defined }}|{{ missing is undefined }}|{{ missing is none }}|{{ missing is string }}|{{ missing is iterable }}|{{ missing is sequence }}|{{ missing is mapping }}|{{ missing is number }}|{{ missing is callable }}
undefined: {{ missing is even }}
undefined: {{ 'missing' if false }}|{{ ('x' if false) is defined }}|{{ [missing] }}|{{ {'a': missing} }}|{{ (missing,) }}|{{ missing or 'x' }}|{{ missing and 'x' }}
undefined: {{ messages[0].nothing }}|{{ messages[0].nothing | length }}|{{ messages[0]['nothing'] | default('z') }}|{{ messages[9] is defined }}|{{ 'abc'[9] is defined }}
undefined: {{ messages[0].nothing.more }}
undefined: {{ missing | attr('x') }}|{{ missing | items | list }}|{{ missing | dictsort }}
undefined: {{ missing | int }}|{{ missing | float }}|{{ missing | wordcount }}|{{ missing | capitalize }}|{{ missing | title }}|{{ missing | replace('a','b') }}
undefined: {{ missing | abs }}
undefined: {{ missing | round }}
undefined: {{ missing | batch(2) | list }}|{{ missing | slice(2) | list }}|{{ missing | groupby('x') }}|{{ missing | indent }}
slices: {{ 'abcdef'[1:3] }}|{{ 'abcdef'[::-1] }}|{{ 'abcdef'[-2:] }}|{{ 'abcdef'[:-2] }}|{{ 'abcdef'[::2] }}|{{ 'abcdef'[10:] }}|{{ [1,2,3][1:] }}|{{ (1,2,3)[:2] }}|{{ [1,2,3][::-1] }}|{{ 'abc'[:100] }}|{{ 'abc'[5:1:-1] }}|{{ 'é漢😀x'[1:3] }}
slices: {{ [1,2,3][-1] }}|{{ (1,2)[-1] }}|{{ 'abc'[-1] }}|{{ [1,2,3][5] }}|{{ [1,2,3]['a'] }}|{{ range(5)[2] }}|{{ range(5)[1:3] }}|{{ [1,2,3][1.0] }}|{{ [1,2,3][true] }}|{{ 'abc'.0 }}|{{ [[1,2],[3]].0.1 }}
slices: {{ [1,2,3][::0] }}
slices: {{ 5[0] }}|{{ none[0] is defined }}|{{ none.x is defined }}|{{ true.x is defined }}
slices: {{ {'a':1}[1:2] }}
slices: {{ missing[1:2] }}
slices: {{ 5[1:2] is defined }}
slices: {{ [1,2,3]['0':] }}
methods: {{ 'abc'.upper() }}{{ 'ABC'.lower() }}{{ 'hello world'.title() }}{{ 'hELLO'.capitalize() }}{{ 'aBc'.swapcase() }}{{ "they're bill's".title() }}{{ 'ß'.upper() }}{{ 'ǆ'.title() }}{{ 'İ'.lower() | length }}{{ 'ΑΣ'.lower() }}{{ 'ß'.casefold() }}
methods: {{ 'a,b,c'.split(',') }}{{ 'a,b,c'.split(',', 1) }}{{ 'a,b,c'.rsplit(',', 1) }}{{ 'abcabc'.replace('b','x') }}{{ 'abc'.replace('','-') }}{{ 'a-b-c'.partition('-') }}{{ 'a-b-c'.rpartition('-') }}{{ 'abc'.partition('x') }}
methods: {{ 'abcabc'.find('c') }}{{ 'abcabc'.rfind('c') }}{{ 'abcabc'.find('z') }}{{ 'abcabc'.find('c', 3) }}{{ 'abcabc'.index('b') }}{{ 'abcabc'.count('b') }}{{ 'aaa'.count('aa') }}{{ 'abc'.count('') }}{{ 'é漢😀x'.find('x') }}
methods: {{ 'abc'.index('z') }}
methods: {{ 'abc'.startswith('a') }}{{ 'abc'.startswith(('x','a')) }}{{ 'abc'.endswith('c') }}{{ 'abc'.startswith('b', 1) }}{{ 'abc'.endswith(('x',)) }}{{ ''.startswith('') }}{{ 'abc'.startswith('') }}
methods: {{ 'abc'.startswith(1) }}
methods: {{ 'abc'.startswith(['a']) }}
methods: {{ '-'.join(['a','b']) }}{{ '-'.join('abc') }}{{ ', '.join({'a':1,'b':2}) }}{{ ''.join([]) }}
methods: {{ '-'.join([1]) }}
methods: {{ 'abc'.isdigit() }}{{ '123'.isdigit() }}{{ '²'.isdigit() }}{{ '²'.isdecimal() }}{{ '½'.isnumeric() }}{{ 'abc'.isalpha() }}{{ 'ab1'.isalnum() }}{{ 'abc'.islower() }}{{ 'ABC'.isupper() }}{{ ''.isalpha() }}{{ 'a1'.isidentifier() }}{{ 'Title Case'.istitle() }}{{ 'é'.isascii() }}
methods: {{ 'x'.center(5) }}|{{ 'x'.ljust(3) }}|{{ 'x'.rjust(3, '-') }}|{{ '7'.zfill(3) }}|{{ '-7'.zfill(4) }}|{{ 'ab'.center(5, '*') }}|{{ 'a\tb'.expandtabs(4) }}|{{ 'prefix-x'.removeprefix('prefix-') }}|{{ 'x.py'.removesuffix('.py') }}
methods: {{ 'xxabcxx'.strip('x') }}{{ 'abcba'.strip('ab') }}{{ 'xyabc'.lstrip('yx') }}{{ 'abcxy'.rstrip('xy') }}{{ '  x '.strip(none) }}|{{ ' x '.strip('') }}|
methods: {{ 'abc'.strip(1) }}
methods: {{ 'abc'.frobnicate() }}
methods: {% if false %}{{ 'abc'.frobnicate() }}{% endif %}x
methods: {{ [1,2,1].index(2) }}{{ [1,2,1].count(1) }}{{ (1,2).index(1) }}{{ (1,1).count(1) }}{{ [1,2].copy() }}{{ {'a':1}.copy() }}
methods: {{ [1].append(2) }}
methods: {{ {'a':1}.update({'b':2}) }}
methods: {{ {'a':1}.pop('a') }}
methods: {% set x = [1] %}{% set _ = x.append(2) %}{{ x }}
methods: {{ '{} {}'.format('a', 1) }}|{{ '{0}-{1}-{0}'.format('a','b') }}|{{ '{x}'.format(x=5) }}|{{ '%s and %d' | format('a', 3) }}|{{ '%s' % 'x' }}|{{ '%05.1f|%x|%5s|%-5s|%r|%%' % (3.14159, 255, 'ab', 'cd', 'q') }}
methods: {{ '%s %s' % ('a','b') }}{{ '%d' % 3.9 }}{{ '%(a)s' % {'a': 1} }}{{ '%(a)s' | format(a=2) }}{{ '%s' | format([1]) }}{{ '%c' % 'x' }}{{ '%i' % true }}{{ '%e' % 12345.678 }}{{ '%g' % 0.0001 }}{{ '%s' % 1.5 }}
methods: {{ '%d' % 'x' }}
methods: {{ '%s %s' % 'a' }}
methods: {{ 'a' % 'b' }}
methods: {{ 'abc'.upper }}
methods: {{ 'abc'.encode() }}
methods: {{ 'abc'.__class__ }}
methods: {{ ''.__class__.__mro__ }}
macros: {% macro t(m) %}<{{ m.role }}>{% endmacro %}{{ t(messages[0]) }}|{{ t({'role': 'x'}) }}|{{ t(m={'role': 'y'}) }}
macros: {% macro f(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }}|{{ f(1, c=3) }}|{{ f(1, 5) }}|{{ f() }}|{{ f(b=1) }}
macros: {% macro f(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, 3, x=4) }}
macros: {% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}
macros: {% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, z=2) }}
macros: {% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, a=2) }}
macros: {% macro f(n) %}{{ n }}{% if n > 0 %},{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}|{{ f.name }}{{ f.arguments }}{{ f is callable }}
macros: {% set y = 5 %}{% macro f() %}{{ y }}{{ z }}{% endmacro %}{% set z = 6 %}{{ f() }}{% for y in [1] %}{{ f() }}{% endfor %}
macros: {% macro f(x) %}{% set y = x %}{{ y }}{% endmacro %}{{ f(1) }}{{ y }}
macros: {% macro d(x) %}[{{ caller() }}{{ x }}]{% endmacro %}{% call d(3) %}in{% endcall %}
macros: {% macro d() %}{{ caller(1, b=2) }}{% endmacro %}{% call(a, b=5) d() %}{{ a }}-{{ b }}{% endcall %}
macros: {% macro d() %}{{ caller }}{% endmacro %}{{ d() }}
macros: {% macro f(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}{{ f(1, 2) }}
macros: {% macro f() %}x{% endmacro %}{{ f() ~ 'y' }}{{ f() | upper }}{{ f() | length }}{{ [f(), f()] }}{{ f() == 'x' }}
macros: {% macro f(*a) %}{% endmacro %}
macros: {% macro f(a) %}{{ loop is defined }}{% endmacro %}{% for x in [1] %}{{ f(x) }}{% endfor %}
macros: {% macro f(x) %}{{ x }}{% endmacro %}{{ f(*[1]) }}{{ f(**{'x': 2}) }}
blocks: {% set x %}a{{ 1 }}b{% endset %}{{ x }}{{ x | length }}|{% set x | upper %}abc{% endset %}{{ x }}|{% set a, b = 1, 2 %}{{ a }}{{ b }}|{% set c = 1, 2 %}{{ c }}
blocks: {% filter upper %}abc{{ 'd' }}{% endfilter %}|{% filter replace('a','b') | upper %}aaa{% endfilter %}
blocks: {% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}|{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z }}|{% set a = 5 %}{% with a = 1, b = a %}{{ b }}{% endwith %}
blocks: {% if true %}{% set q = 1 %}{% endif %}{{ q }}{% if false %}{% set r = 1 %}{% endif %}{{ r }}
blocks: {% if false %}a{% elif 1 %}b{% else %}c{% endif %}{% if none %}a{% elif '' %}b{% else %}c{% endif %}{% if [] %}a{% elif {} %}b{% elif 0.0 %}c{% else %}d{% endif %}
blocks: {% set ns = namespace(x='') %}{% set ns.x %}in{{ 1 }}{% endset %}{{ ns.x }}
blocks: {% generation %}a{{ 1 }}{% endgeneration %}b
blocks: {% print 1, 2 %}
blocks: {% do x %}
blocks: {% include 'x' %}
blocks: {% if false %}{% include 'x' %}{% endif %}
blocks: {% set (a, b) = (1, 2) %}{{ a }}{{ b }}{% set [a, b] = 1 %}
blocks: {% if 1, 2 %}x{% endif %}{{ 1, 2 }}{{ (1,) }}{{ () }}{{ [] }}{{ {} }}
blocks: {% set x = 1 if false %}{{ x is defined }}{% if x is defined and x %}y{% else %}n{% endif %}
blocks: {% set a = 1 %}{% set f %}{% set a = 2 %}{{ a }}{% endset %}{{ f }}{{ a }}
tests: {{ 1 is odd }}{{ 2 is even }}{{ 9 is divisibleby 3 }}{{ 9 is divisibleby(4) }}{{ 'a' is string }}{{ [] is sequence }}{{ {} is mapping }}{{ {} is sequence }}{{ [] is iterable }}{{ 1 is iterable }}{{ none is none }}{{ range(3) is iterable }}{{ 'ab' is sequence }}
tests: {{ 1 is number }}{{ 1.5 is float }}{{ 1 is integer }}{{ true is boolean }}{{ true is true }}{{ 1 is true }}{{ false is false }}{{ 'abc' is lower }}{{ 'ABC' is upper }}{{ 1 is eq 1 }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 1 is le 1 }}{{ 2 is gt 1 }}{{ 2 is ge 3 }}{{ 1 is in [1,2] }}{{ 3 is not in [1,2] }}
tests: {{ 1 is equalto 1.0 }}{{ 1 is lessthan 2 }}{{ 2 is greaterthan 1 }}{{ 'upper' is filter }}{{ 'nope' is filter }}{{ 'odd' is test }}{{ 1 is == 1 }}
tests: {{ not 1 is odd }}{{ 1 is not odd }}{{ 1 is odd and 2 is even }}{{ 1 is odd or false }}{{ x is defined and x.y }}{{ 2 is divisibleby 2 | string }}{{ 'a' is in 'abc' }}{{ 1.0 is integer }}{{ none is defined }}
tests: {{ 'x' is even }}
tests: {{ 1 is frobnicated }}
tests: {% if false %}{{ 1 is frobnicated }}{% endif %}x
tests: {% if false %}{{ 1 | frobnicate }}{% endif %}x
tests: {{ 1 is divisibleby }}
tests: {{ 1 is callable }}{{ range is callable }}{{ 'x'.upper is callable }}{{ loop is callable }}{{ 'a' is escaped }}
in: {{ 'a' in 'abc' }}{{ '' in 'abc' }}{{ 1 in [1,2] }}{{ 1 not in [1,2] }}{{ 'a' in {'a':1} }}{{ 1 in (1,) }}{{ 2 in range(5) }}{{ [1] in [[1],[2]] }}{{ none in [none] }}{{ 'a' in ['abc'] }}{{ 1 in {1.0: 2} }}
in: {{ 1 in 'abc' }}
in: {{ 1 in 5 }}
in: {{ 'a' in none }}
concat: {{ 'a' ~ 1 ~ 2.0 ~ none ~ true ~ [1] }}{{ 'a' + 'b' }}{{ [1] + [2] }}{{ (1,) + (2,) }}{{ 'ab' * 3 }}{{ 3 * 'ab' }}{{ [1] * 2 }}{{ 'a' * -1 }}|{{ 1 ~ 2 + 3 }}{{ 1 + 2 ~ 3 }}{{ 'a' * true }}
concat: {{ 'a' + 1 }}
concat: {{ [1] + (2,) }}
concat: {{ none + 'a' }}
concat: {{ 'a' - 'b' }}
concat: {{ {} + {} }}
concat: {{ [1] * 1.5 }}
printing: {{ [1, 'a', none, true, 1.5, [2], (3,), {'k': 'v'}] }}{{ none }}{{ true }}{{ (1, 2) }}{{ {'a': "it's"} }}{{ ['"'] }}{{ range(3) }}{{ range(1, 5, 2) }}{{ {} }}{{ [missing] }}
printing: {{ messages[0] }}{{ messages | length }}{{ messages[0] | string | length }}
printing: {{ [1,2] | map('string') }}
printing: {{ 'abc' | list }}{{ (1,2) | list }}{{ {'a':1} | list }}{{ range(3) | list }}{{ 'x' | string }}{{ [1] | string | length }}{{ 1.0 | string }}
sequences: {{ [3,1,2] | sort }}{{ ['b','A','c'] | sort }}{{ ['b','A','c'] | sort(case_sensitive=true) }}{{ 'bca' | sort }}{{ [3,1,2] | sort(reverse=true) }}{{ [[2,1],[1,2]] | sort }}{{ [1.5, 1, true] | sort }}{{ {'b':1,'a':2} | sort }}
sequences: {{ [1,'a'] | sort }}
sequences: {{ [1,1,2,'a','A'] | unique | list }}{{ ['a','A'] | unique(case_sensitive=true) | list }}{{ [1,1.0,true] | unique | list }}{{ [{'a':1},{'a':1}] | unique(attribute='a') | list }}
sequences: {{ [[1],[1]] | unique | list }}
sequences: {{ ['a','b'] | map('upper') | list }}{{ [{'a':1},{'b':2}] | map(attribute='a') | list }}{{ [{'a':1},{}] | map(attribute='a', default=0) | list }}{{ [{'a':{'b':3}}] | map(attribute='a.b') | list }}{{ [[1,2]] | map(attribute=0) | list }}{{ ['a b','c'] | map('replace','a','z') | list }}
sequences: {{ [1] | map | list }}
sequences: {{ [1] | map('frobnicate') | list }}
sequences: {{ [0,1,'',none,'x'] | select | list }}{{ [1,2,3] | select('odd') | list }}{{ [1,2,3] | reject('odd') | list }}{{ [1,2,3] | select('gt', 1) | list }}{{ [1,2,3] | select('divisibleby', 3) | list }}{{ [0,1] | reject | list }}
sequences: {{ [{'a':1},{'a':0},{}] | selectattr('a') | list }}{{ [{'a':1},{'a':2}] | selectattr('a','equalto',2) | list }}{{ [{'a':1},{}] | rejectattr('a') | list }}{{ [{'a':1},{}] | selectattr('a','defined') | list }}{{ messages | selectattr('role','equalto','user') | list | length }}
sequences: {{ [1] | select('frobnicated') | list }}
sequences: {{ messages | selectattr() | list }}
sequences: {{ [{'t':'a','n':1},{'t':'b','n':2},{'t':'a','n':3}] | groupby('t') }}{% for k, v in [{'t':'a','n':1},{'t':'B','n':2}] | groupby('t') %}{{ k }}{{ v | length }}{% endfor %}{% for g in [{'t':1}] | groupby('t') %}{{ g.grouper }}{{ g.list }}{% endfor %}
sequences: {{ [1,2,3,4,5] | batch(2) | list }}{{ [1,2,3] | batch(2, 'x') | list }}{{ [1,2,3,4,5] | slice(2) | list }}{{ [1,2,3] | slice(2, 'x') | list }}
sequences: {{ [1,2,3] | first }}{{ [1,2,3] | last }}{{ 'abc' | first }}{{ 'abc' | last }}{{ [] | first is defined }}{{ [3,1] | min }}{{ [3,1] | max }}{{ [] | min is defined }}{{ ['b','A'] | min }}{{ ['b','A'] | max(case_sensitive=true) }}{{ [{'a':2},{'a':1}] | min(attribute='a') }}{{ {'a':1,'b':2} | first }}{{ {'a':1,'b':2} | last }}
sequences: {{ [1,2,3] | reverse | list }}{{ 'abc' | reverse }}{{ [1,2] | join }}{{ [1,none,'x',2.0] | join('-') }}{{ [{'a':1},{'a':2}] | join(',', attribute='a') }}{{ {'a':1,'b':2} | join(',') }}{{ 'abc' | join('.') }}{{ range(3) | join }}
sequences: {{ 5 | join }}
sequences: {{ 5 | length }}
sequences: {{ none | length }}
sequences: {{ none | list }}
sequences: {{ [1,2] | length }}{{ 'é漢😀' | length }}{{ {} | count }}{{ range(10) | length }}{{ (1,2,3) | count }}
sequences: {{ range(5) | list }}{{ range(2,5) | list }}{{ range(5,0,-2) | list }}{{ range(0) | list }}{{ range(3)[-1] }}{{ range(10)[2:5] | list }}{{ range(3) == range(3) }}
sequences: {{ range(1.5) }}
sequences: {{ range() }}
sequences: {{ range(1, 2, 0) }}
strings: {{ 'hello world' | title }}{{ "they're" | title }}{{ 'a-b (c)' | title }}{{ 'hELLO' | capitalize }}{{ 'abc' | upper }}{{ 'ABC' | lower }}{{ '  x ' | trim }}|{{ 'a b  c' | wordcount }}{{ 'x' | center(5) }}|{{ 5 | center(4) }}|{{ 'éA ß' | capitalize }}
strings: {{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(2, blank=true) }}|{{ 'a\nb' | indent('> ') }}|{{ 'a\nb\n' | indent(1) }}|{{ '' | indent }}|
strings: {{ 'hello world foo' | truncate(9) }}|{{ 'hello world foo' | truncate(9, true) }}|{{ 'hello world foo' | truncate(9, true, '..', 0) }}|{{ 'hello' | truncate(5) }}|{{ 'hello world' | truncate(8, leeway=0) }}
strings: {{ '<a&"\'>' | escape }}|{{ '<a>' | e }}|{{ '<a>' | safe }}|{{ 'a b/c?é' | urlencode }}|{{ {'a':1,'b':'x y'} | urlencode }}|{{ 'a&b' | forceescape }}
strings: {{ 'a' | replace('a', 'b') }}{{ 5 | replace('5','6') }}{{ 'aaa' | replace('a','b',2) }}{{ 'x' | default('y') }}{{ '' | default('y', true) }}{{ none | default('y') }}{{ false | default('y', true) }}{{ 0 | d(1, boolean=true) }}
strings: {{ 'x' | trim(1) }}
strings: {{ 'x' | replace('x') }}
strings: {{ 'x' | upper(1) }}
strings: {{ 5 | upper }}{{ none | upper }}{{ [1] | upper }}{{ 5 | trim }}{{ 1.5 | capitalize }}{{ true | lower }}
strings: {{ 'a b c d e f g' | wordwrap(5) }}|{{ 1000000 | filesizeformat }}|{{ 1 | filesizeformat }}|{{ 2048 | filesizeformat(true) }}
tojson: {{ messages[0] | tojson }}|{{ [1, 1.5, none, true, 'é漢😀', {'a': [1]}] | tojson }}|{{ {'b':1,'a':2} | tojson(indent=2) }}|{{ [] | tojson(indent=4) }}{{ {} | tojson(indent=4) }}|{{ 'a"b\\c\n\t\x01\x7f/<>&' | tojson }}
tojson: {{ {'a':[1,[2]],'b':{}} | tojson(indent=1) }}|{{ {'b':1,'a':2} | tojson(sort_keys=true) }}|{{ [1,2] | tojson(separators=(',',':')) }}|{{ 'é' | tojson(ensure_ascii=true) }}|{{ '😀' | tojson(ensure_ascii=true) }}|{{ (1,2) | tojson }}|{{ {1:2, none:3, true:4, 1.5:5} | tojson }}
tojson: {{ 'nan' | float | tojson }}{{ 'inf' | float | tojson }}{{ 1e16 | tojson }}{{ 10**20 | tojson }}{{ 0.1 | tojson }}{{ -0.0 | tojson }}
tojson: {{ range(3) | tojson }}
tojson: {{ {(1,2):3} | tojson }}
tojson: {{ messages | tojson(indent=4) }}
tojson: {{ {'a': missing} | tojson }}
tojson: {{ [1] | tojson(indent='--') }}{{ [1,2] | tojson(indent=0) }}{{ [1] | tojson(true) }}
tojson: {{ 1 | tojson(1, 2, 3, 4, 5) }}
expressions: {{ 1 if true else 2 }}{{ 1 if false else 2 if false else 3 }}{{ (1 if true) }}{{ 'a' if [] else 'b' }}{{ 1 or 2 }}{{ 0 or 'x' }}{{ 1 and 2 }}{{ 0 and 2 }}{{ not 0 }}{{ not not 1 }}{{ none or [] }}
expressions: {{ 1 + 2 * 3 }}{{ (1 + 2) * 3 }}{{ 2 - 1 - 1 }}{{ 10 / 2 / 5 }}{{ 1 ~ 2 * 3 }}{{ -1 | abs }}{{ -'5' | int }}{{ 'a' ~ 'b' | upper }}{{ ('a' ~ 'b') | upper }}{{ 1 + 1 == 2 }}{{ not true == false }}
expressions: {{ [1,2,] }}{{ {'a':1,} }}{{ (1,2,) }}{{ [[1,2],[3,4]][1][0] }}{{ {'a':{'b':[1,2]}}.a.b[1] }}{{ 'abc'['upper']() }}{{ messages[0]['role'] }}{{ messages[-1].content }}{{ "a" in ["a"] and true }}
expressions: {{ True }}{{ False }}{{ None }}{{ true }}{{ none }}{{ [True, None] }}{{ true is sameas True }}
expressions: {{ true.real }}
expressions: {{ self }}
expressions: {{ 1 2 }}
expressions: {{ 'a }}
expressions: {{ [1, }}
expressions: {{ {1} }}
expressions: {{ a.b.c }}
expressions: {{ foo(1) }}
expressions: {% if false %}{{ foo(1) }}{% endif %}x
expressions: {{ (a or 'b') ~ (none is none) ~ [1,2][0] ~ {'k':'v'}['k'] ~ ('x' * 2) }}
expressions: {{ lipsum() }}
expressions: {{ cycler('a','b').next() }}{% set c = cycler('a','b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner(', ') %}{{ j() }}a{{ j() }}b
expressions: {{ strftime_now('%Y-%m-%d %H:%M:%S %d %b %B %a %A %j %y %p %I %%') }}
expressions: {{ raise_exception('no') }}
expressions: {{ raise_exception() }}
expressions: {{ strftime_now() }}
expressions: {{ bos_token }}{{ eos_token }}{{ pad_token }}{{ tools }}{{ documents }}{{ tools is none }}{{ add_generation_prompt }}{{ tools is defined and tools }}
expressions: {{ [x for x in [1]] }}
expressions: {{ 'a'.b }}|{{ [].x is defined }}|{{ {}.x is defined }}|{{ 1 .x is defined }}
expressions: {{ 'a' | attr('upper') is defined }}{{ {'a':1} | attr('a') is defined }}
comments: a{# {{ x }} {% if %} #}b{#- c -#} d {# multi
line #} e
comments: {# x
comments: a {{ '{{ x }}' }} {{ "%}" }} {% if '%}' %}y{% endif %} } }} %} #}
items: {{ {'_x': 1}._x }}{{ {'_x': 1}['_x'] }}{{ {'a': 1}._x is defined }}{{ {'a': 1}.__class__ is defined }}{{ 'a'._x is defined }}
items: {{ dict({'a': 1}, {'b': 2}) }}
items: {{ dict([('a', 1, 2)]) }}
items: {{ dict(['ab', ('c', 2)]) }}{{ dict([], a=1) }}{{ dict({'a': 1}, a=2) }}
items: {{ {'a': 1}.get('a', 5) }}{{ {'a': 1}.get('z', 5) }}{{ {'a': none}.get('a', 5) }}{{ {'b': 1}.keys() | length }}{{ {'b': 1}.values() | first }}{{ {'b': 1}.items() | last }}{{ 'b' in {'b': 1}.keys() }}{{ 'c' in {'b': 1}.keys() }}{{ 1 in {'b': 1}.values() }}
items: {{ 'x' if {}.keys() else 'y' }}{{ 'x' if {'a': 1}.keys() else 'y' }}{{ 'x' if range(0) else 'y' }}{{ 'x' if range(1) else 'y' }}{{ 'x' if () else 'y' }}{{ 'x' if (0,) else 'y' }}{{ 'x' if '' | safe else 'y' }}{{ 'x' if 'a' | safe else 'y' }}{{ 'x' if 0.0 else 'y' }}{{ 'x' if 10 ** 30 else 'y' }}{{ 'x' if 0 else 'y' }}{{ 'x' if range else 'y' }}
items: {{ {'a': 1, 'b': [1, 2]} == {'a': 1, 'b': [1, 2]} }}{{ {'a': 1} == {'b': 1} }}{{ {'a': 1} == {'a': 2} }}{{ {'a': 1} == {'a': 1, 'b': 2} }}{{ {'a': 1} == 1 }}{{ {} == [] }}{{ [1, 2] == [1, 3] }}{{ [1, 2] == [1] }}{{ (1, 2) == (1, 2) }}{{ (1, 2) == (1, 3) }}{{ (1, 2) == [1, 2] }}{{ [] == () }}
items: {{ range(3) == range(0, 3, 1) }}{{ range(0, 3, 2) == range(0, 4, 2) }}{{ range(3) == range(4) }}{{ range(0) == range(5, 5, 2) }}{{ range(1) == range(0, 1, 5) }}{{ range(1, 2) == range(0, 1) }}{{ range(0, 4, 2) == range(0, 3) }}{{ range(1, 4) == range(0, 3) }}{{ range(3) == [0, 1, 2] }}{{ range(0, 4, 2) == range(0, 2) }}
items: {{ {'a': 1} | items | list }}{{ {} | items | list }}
items: {{ [1] | items | list }}
items: {{ {[1]: 2} }}
items: {{ {{}: 2} }}
items: {{ {'a'|safe: 1}['a'] }}{{ {'a': 1}['a'|safe] }}{{ {1.5: 'x'}[1.5] }}{{ {(1, 2.0): 'x'}[(1.0, 2)] }}{{ {2.0: 'x'}[2] }}{{ {false: 'x'}[0] }}{{ {10 ** 20: 'x'}[1e20] }}
slices: {{ range(10)[1:8:3] }}{{ range(10)[8:2:-3] }}{{ range(10)[5:2] }}{{ range(10)[::100] }}{{ range(2, 20, 3)[1:4] }}{{ range(20, 2, -3)[::2] }}{{ range(20, 2, -3)[::-1] }}{{ range(5)[::-1] | list }}{{ range(2, 20, 3)[::2][1:] | list }}{{ range(10)[3:7:2] | list }}
slices: {{ range(4, 10, 3)[0] }}{{ range(4, 10, 3)[1] }}{{ range(4, 10, 3)[-1] }}{{ range(4, 10, 3)[-2] }}{{ range(4, 10, 3)[2] is defined }}{{ range(4, 10, 3)[-3] is defined }}{{ range(10, 4, -3) | length }}{{ range(10, 4, -3)[-1] }}{{ range(10, 3, -3) | list }}{{ range(1, 8, 3) | length }}{{ range(1, 7, 3) | length }}{{ range(7, 1, -3) | list }}
slices: {{ 'abc'[-3] }}{{ 'abc'[-4] is defined }}{{ 'abc'[2] }}{{ 'abc'[3] is defined }}{{ [1,2][1] }}{{ [1,2][2] is defined }}{{ [1,2][-2] }}{{ [1,2][-3] is defined }}{{ (1,2)[0] }}{{ (1,2)[2] is defined }}{{ 'a😀b'[2] }}{{ 'a😀b'[-2] }}{{ [('<b>' | safe)[0], ('<b>' | safe)[1:], ('<b>' | safe)[::-1]] }}
slices: {{ 'abcdef'[-10:2] }}|{{ 'abcdef'[-10:-2:2] }}|{{ 'abcdef'[5:0:-2] }}|{{ 'abcdef'[:2:-1] }}|{{ 'abcdef'[-2::-1] }}|{{ 'abcdef'[10::-1] }}|{{ 'abcdef'[-10::-1] }}|{{ 'abcdef'[4:-10:-1] }}|{{ 'abcdef'[1:5:3] }}|{{ 'abcdef'[1:4:3] }}|{{ 'abcdef'[0:7:3] }}|{{ 'abcdef'[-6:] }}|{{ 'abcdef'[:-6] }}|{{ 'abcdef'[:-7] }}|{{ 'abcdef'[6:] }}|{{ 'abcdef'[5:] }}|{{ 'abcdef'[3:3] }}|{{ 'abcdef'[0::-1] }}|{{ 'abcdef'[:0:-1] }}|{{ 'abcdef'[:-1:-1] }}
slices: {{ [1,2,3,4][3:0:-2] }}{{ [1,2,3,4][-3:-1] }}{{ (1,2,3,4)[1::2] }}{{ (1,2,3,4)[::-3] }}{{ (1,2)[5:] }}{{ [1,2][none:none:none] }}{{ [1,2][true:] }}{{ 'é漢😀x'[::-2] }}{{ 'é漢😀x'[2:] }}{{ 'é漢😀x'[:3] }}{{ 'x'[1:0] }}|{{ [][::-1] }}
slices: {{ [1,2]['a':] is defined }}
slices: {{ 'abc'[1.0] is defined }}{{ [1]['index'] is defined }}{{ {'a': 1}[[1]] is defined }}{{ {1: 'a'}[1] }}{{ {'get': 1}['get'] }}{{ 'abc'[none] is defined }}{{ 5['x'] is defined }}
slices: {{ [1].append is defined }}{{ {}.update is defined }}{{ {}.pop is defined }}{{ [1].copy() }}{{ [1, 2, 1].count(1) }}{{ (1, 2, 1).count(1) }}{{ range(5).index(3) }}{{ range(5).count(3) }}{{ [1, 2].index(2) }}
slices: {{ [1].index(2) }}
slices: {{ (1,).index(2) }}
slices: {{ (1,).copy() }}
named arguments: {{ 'x' | replace('a', 'b', 1, 2) }}
named arguments: {{ 'x' | replace('x', 'y', old='z') }}
named arguments: {{ 'x' | replace(new='b') }}
named arguments: {{ 'x'.find('a', 0, 1, 2) }}
named arguments: {{ 'x'.find() }}
named arguments: {{ 'aaa' | replace('a', 'b', 1) }}{{ 'x'.find('x', 0, 1) }}{{ 'x'.upper() }}
named arguments: {{ 'x'.find(sub='x') }}
named arguments: {{ 'x'.upper(1) }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(*[1, 2]) }}|{{ f(1, *[2]) }}|{{ f(*[1], **{'b': 3}) }}|{{ f(b=1, *[2]) }}|{{ f(**{'a': 1, 'b': 2}) }}|{{ f(*'xy') }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(a=1, **{'a': 3}) }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(**[1]) }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(**{1: 2}) }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(a=1, 2) }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(*[1], 2) }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(*[1], *[2]) }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(**{'a': 1}, b=2) }}
named arguments: {% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(a=1, a=2) }}
named arguments: {{ 'x' | attr(1) }}
named arguments: {{ ('x' | attr('upper'))() }}{{ [1] | attr('nothing') is defined }}
named arguments: {{ missing | attr('upper') }}
named arguments: {{ missing | default }}|{{ missing | default('x') }}|{{ '' | default('x') }}|{{ '' | default('x', false) }}|{{ 'a' | default('x', true) }}|{{ missing | default(none) }}|{{ 0 | default(boolean=true) }}|{{ missing | d(3) }}
in: {{ 'a' in 'cba' | safe }}{{ ('a' | safe) in 'abc' }}{{ 'z' in ['a', 'z'] }}{{ 1 in [2, 1.0] }}{{ missing in [missing] }}{{ 3 in range(0, 9, 3) }}{{ 4 in range(0, 9, 3) }}{{ (1, 2) in [(1, 2)] }}
in: {{ 'x' in range }}
in: {{ 'x' in namespace() }}
in: {{ [1] in {} }}
in: {{ 'a' in 5.5 }}
methods: {{ 'abc'.find('b', 1) }}{{ 'abc'.find('b', 2) }}{{ 'abcabc'.find('b', -3) }}{{ 'abcabc'.find('b', -9) }}{{ 'abc'.find('c', 0, 2) }}{{ 'abc'.find('c', 0, -1) }}{{ 'abc'.find('b', 0, -1) }}{{ 'abc'.find('', 3) }}{{ 'abc'.find('', 4) }}{{ 'abc'.find('a', none, none) }}{{ 'abc'.find('c', none, 99) }}{{ '😀b😀b'.find('b', 2) }}{{ '😀b😀b'.find('b', -1) }}{{ '😀b😀b'.find('😀', 1, 3) }}
methods: {{ 'abcabc'.rfind('b', 0, 4) }}{{ 'abcabc'.rfind('b', -2) }}{{ 'abcabc'.rindex('c') }}{{ 'abcabc'.index('c', 3) }}{{ 'abcabc'.rfind('a', 1) }}{{ 'abcabc'.rindex('a', -6, -3) }}{{ '😀b😀b'.rfind('b') }}{{ 'abc'.find('a', 3, 1) }}{{ 'abc'.index('', 3) }}
methods: {{ 'abc'.rindex('z') }}
methods: {{ 'abc'.index('a', 1) }}
methods: {{ 'abc'.find(1) }}
methods: {{ 'abc'.find('a', 'b') }}
methods: {{ 'abcabc'.count('b', 2) }}{{ 'abcabc'.count('b', 0, 2) }}{{ 'abcabc'.count('', 4) }}{{ 'abc'.count('', 4) }}{{ 'abc'.count('a', 4) }}{{ 'aaaa'.count('aa', 1) }}{{ '😀😀'.count('😀', 1) }}{{ '😀x'.count('') }}{{ 'aaaa'.count('aa', 1, -1) }}
methods: {{ 'abc'.startswith('a', 0) }}{{ 'abc'.startswith('c', -1) }}{{ 'abc'.startswith('', 3) }}{{ 'abc'.startswith('', 4) }}{{ 'abc'.endswith('b', 0, 2) }}{{ 'abc'.endswith('b', 0, -1) }}{{ 'abc'.endswith('abc', 1) }}{{ 'abc'.endswith('bc', 1) }}{{ 'abc'.startswith(()) }}{{ 'abc'.endswith(('x', 'bc')) }}{{ 'abc'.startswith('ab', -9) }}{{ 'abc'.startswith('b', none) }}
methods: {{ 'abc'.startswith((1,)) }}
methods: {{ 'x'.center(4) }}|{{ 'xy'.center(5) }}|{{ 'xy'.center(4) }}|{{ 'x'.center(6) }}|{{ 'xyz'.center(6) }}|{{ 'xy'.center(7) }}|{{ 'x'.center(1) }}|{{ 'x'.center(0) }}|{{ '😀'.center(4, '-') }}|{{ 'x'.ljust(3, '.') }}|{{ 'x'.rjust(3) }}|{{ 'x'.rjust(-3) }}|{{ '+7'.zfill(5) }}|{{ '-'.zfill(3) }}|{{ ''.zfill(2) }}|{{ '77'.zfill(2) }}|{{ 'a-7'.zfill(5) }}|{{ '77'.zfill(1) }}
methods: {{ 'x'.center(5, 'ab') }}
methods: {{ 'x'.center(5, '') }}
methods: {{ 'x'.ljust('a') }}
methods: {{ 'a\tbc\td'.expandtabs() }}|{{ 'a\tbc\td'.expandtabs(3) }}|{{ 'a\n\tb'.expandtabs(4) }}|{{ 'ab\r\tb'.expandtabs(4) }}|{{ 'a\tb'.expandtabs(0) }}|{{ 'abcd\tb'.expandtabs(4) }}|{{ '\t\t'.expandtabs(2) }}|{{ '😀\tb'.expandtabs(4) }}|{{ 'a\tb'.expandtabs(tabsize=2) }}|{{ 'a\t\tbc\t'.expandtabs(5) }}
methods: {{ 'a-b'.removeprefix('a') }}{{ 'a-b'.removeprefix('b') }}{{ 'a-b'.removesuffix('b') }}{{ 'a-b'.removesuffix('a') }}{{ 'ab'.removesuffix('') }}{{ 'ab'.removeprefix('') }}{{ 'ab'.removesuffix('ab') }}|
methods: {{ 'a,b,,c'.split(',') }}{{ 'a,b,,c'.split(',', 2) }}{{ 'a,b,,c'.split(',', 0) }}{{ 'a,b,,c'.rsplit(',', 2) }}{{ 'a,b,,c'.rsplit(',', 0) }}{{ 'a,b,,c'.rsplit(',') }}{{ 'a--b--c'.rsplit('--', 1) }}{{ '--a--'.rsplit('--') }}{{ '--a--'.split('--') }}{{ '---'.rsplit('--') }}{{ '-'.rsplit('--') }}{{ ',a'.rsplit(',', 5) }}{{ 'a,b'.split(maxsplit=1, sep=',') }}{{ 'a,b'.split(none) }}{{ 'abab'.rsplit('ab') }}{{ 'xaab'.rsplit('aa') }}
methods: {{ ' a  b c '.split(none, 0) }}{{ ' a  b c '.split(none, 2) }}{{ ' a  b c '.split(none, 3) }}{{ ' a  b c '.rsplit(none, 0) }}{{ ' a  b c '.rsplit(none, 2) }}{{ ' a  b c '.rsplit(none, 3) }}{{ ' a  b c '.rsplit() }}{{ 'a'.rsplit() }}{{ '  '.split() }}{{ '  '.rsplit() }}{{ ' a'.rsplit(none, 1) }}{{ 'a '.split(none, 1) }}
methods: {{ 'a'.split('') }}
methods: {{ 'a'.partition('') }}
methods: {{ 'a'.split(1) }}
methods: {{ 'a-b-c'.partition('-') }}{{ 'a-b-c'.rpartition('-') }}{{ 'abc'.rpartition('-') }}{{ 'a--b'.partition('--') }}{{ 'a--b--c'.rpartition('--') }}
methods: {{ 'a\nb'.splitlines() }}{{ 'a\r\nb\r'.splitlines(true) }}{{ '\n\n'.splitlines() }}{{ 'a\x1cb\x1dc\x1ed\x1fe'.splitlines() }}{{ 'a\x85b\u2028c\u2029d'.splitlines() }}{{ 'a\x0bb\x0cc'.splitlines(keepends=true) }}{{ 'a\r\rb'.splitlines() }}{{ 'a\tb'.splitlines() }}{{ 'a\x0eb'.splitlines() }}
methods: {{ 'aXbX'.replace('X', 'yy') }}{{ 'aaa'.replace('a', 'b', 0) }}{{ 'aaa'.replace('a', 'b', -1) }}{{ 'aaa'.replace('a', 'b', 1) }}{{ 'ab'.replace('', '-', 0) }}{{ 'ab'.replace('', '-', 1) }}{{ 'ab'.replace('', '-', 2) }}{{ '😀b'.replace('', '-') }}{{ 'aaaa'.replace('aa', '') }}{{ 'abab'.replace('b', '', 1) }}{{ ''.replace('', 'x') }}{{ ''.replace('a', 'x') }}
methods: {{ 'xxaxx'.strip('x') }}{{ 'xyaxy'.lstrip('x') }}{{ 'xyaxy'.rstrip('y') }}{{ 'xxx'.strip('x') }}|{{ '   '.strip() }}|{{ '😀a😀'.strip('😀') }}{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'a'.strip('') }}{{ '\x1f\x20\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\x85\x09\x0da\x1c'.strip() }}|{{ '\u200b\u180e\x08\x0e\x1ba'.strip() | length }}
methods: {{ 'aBc dEF'.swapcase() }}{{ 'ǅx'.swapcase() }}{{ 'ßa'.swapcase() }}{{ 'AbC'.casefold() }}{{ 'hello wORLD'.capitalize() }}{{ ''.capitalize() }}{{ 'ǆa'.capitalize() }}{{ 'ßA'.capitalize() }}{{ 'ﬁX'.capitalize() }}{{ '😀A'.capitalize() }}{{ 'ΑΣ'.capitalize() }}{{ 'ßx ßy'.title() }}{{ 'ΑΣ ΑΣΑ'.title() }}{{ 'a1b c_d'.title() }}{{ 'ﬁx'.title() }}{{ 'ΣΣ'.title() }}{{ 'AΣ1'.title() }}{{ 'AΣ b'.lower() }}
methods: {{ 'a'.islower() }}{{ 'A'.islower() }}{{ '1'.islower() }}{{ 'a1'.islower() }}{{ 'aB'.islower() }}{{ 'ǅa'.islower() }}{{ 'A'.isupper() }}{{ 'A1'.isupper() }}{{ 'Ab'.isupper() }}{{ 'ǅA'.isupper() }}{{ '1'.isupper() }}{{ ''.isupper() }}{{ 'Ab Cd'.istitle() }}{{ 'Ab cd'.istitle() }}{{ 'AB'.istitle() }}{{ '1'.istitle() }}{{ 'A1B'.istitle() }}{{ 'A1b'.istitle() }}{{ 'ǅb'.istitle() }}{{ 'aǅ'.istitle() }}{{ ''.istitle() }}{{ 'A'.istitle() }}{{ '1 A'.istitle() }}{{ 'A 1'.istitle() }}
methods: {{ 'a'.isascii() }}{{ '\x7f'.isascii() }}{{ '\x80'.isascii() }}{{ ''.isascii() }}{{ '٣'.isdecimal() }}{{ '²'.isdecimal() }}{{ '²'.isdigit() }}{{ '①'.isdigit() }}{{ '½'.isdigit() }}{{ '½'.isnumeric() }}{{ 'Ⅷ'.isnumeric() }}{{ 'Ⅷ'.isdigit() }}{{ '12'.isnumeric() }}{{ '1a'.isnumeric() }}{{ '1a'.isalnum() }}{{ '½a'.isalnum() }}{{ 'a b'.isalnum() }}{{ ''.isalnum() }}{{ 'aé'.isalpha() }}{{ 'a1'.isalpha() }}{{ '😀'.isalpha() }}{{ ''.isdigit() }}{{ ' \x1f'.isspace() }}{{ ' a'.isspace() }}{{ '⑩'.isdigit() }}{{ '⑨'.isdigit() }}{{ '⓪'.isdigit() }}{{ '1'.isdecimal() }}{{ '1x'.isdecimal() }}
methods: {{ '-'.join(['a']) }}{{ ''.join('abc') }}{{ ', '.join(('a', 'b')) }}{{ '-'.join(['a', 'b'] | map('upper')) }}{{ '-'.join({'a': 1}.keys()) }}
methods: {{ '-'.join(5) }}
methods: {{ [('<a>' | safe).upper(), ('<a> b' | safe).split(), ('a-b' | safe).partition('-'), ('a' | safe).strip(), ('ab' | safe).startswith('a'), ('5' | safe).zfill(3), ('a\nb' | safe).splitlines(), ('ab' | safe).find('b'), ('a\tb' | safe).expandtabs(2), ('AB' | safe).swapcase(), ('a b' | safe).rsplit(none, 1)] }}
methods: {{ '{}-{}'.format(1) }}
methods: {{ '{0}{}'.format(1, 2) }}
methods: {{ '{}{0}'.format(1, 2) }}
methods: {{ '{x}'.format() }}
methods: {{ '{'.format() }}
methods: {{ '}'.format() }}
methods: {{ '{{}}'.format() }}{{ '{{{}}}'.format(5) }}{{ '{1}{0}'.format('a', 'b') }}{{ '{a}{}'.format(1, a=2) }}{{ 'x{}y{}z'.format(none, [1]) }}{{ '{0}{0}'.format(1.5) }}{{ ''.format() }}{{ '{a_1}'.format(a_1='q') }}{{ '{a}{0}'.format(1, a=2) }}
methods: {{ '%s%%' % 5 }}|{{ '%5d|%-5d|%05d|%+d|% d|%+d' % (3, 3, 3, 3, 3, -3) }}|{{ '%.3d' % 5 }}|{{ '%6.3d|%-6.3d|%06.3d' % (5, 5, 5) }}|{{ '%.3d' % -5 }}|{{ '%05d' % -5 }}|{{ '%+05d' % 5 }}|{{ '% 05d' % 5 }}|{{ '%i%u' % (1.9, -2.9) }}|{{ '%.0d' % 0 }}|{{ '%.d' % 7 }}
methods: {{ '%x|%X|%o|%x' % (255, 255, 8, -255) }}|{{ '%05x|%.4x|%-5xq' % (255, 255, 255) }}|{{ '%x' % true }}|{{ '%x' % (16 ** 20) }}|{{ '%d' % (10 ** 20) }}|{{ '%+x' % 5 }}
methods: {{ '%f|%.2f|%.0f|%8.2f|%-8.2f|%08.2f|%+.1f' % (1.5, 2.675, 2.5, 3.14159, 3.14159, -3.14159, 2) }}|{{ '%F' % 1.5 }}|{{ '%.1f' % 0.25 }}|{{ '%.1f' % 0.35 }}|{{ '%f' % -0.0 }}|{{ '%f' % true }}|{{ '%.3f' % 1e22 }}|{{ '% f' % 1 }}|{{ '%.f' % 1.5 }}
methods: {{ '%e|%E|%.2e|%.0e|%e|%e|%e' % (12345.678, 12345.678, 0.000123, 15.0, 0.0, 1e100, -1e-5) }}|{{ '%10.1e' % 5 }}|{{ '%e' % 9.9999999 }}|{{ '%.0e' % 25.0 }}|{{ '%.0e' % 0.0 }}|{{ '%.1e' % 1e10 }}|{{ '%e' % 1e9 }}
methods: {{ '%g|%g|%g|%g|%g|%g|%g|%g' % (0.0001, 0.00001, 123456.0, 1234567.0, 1.0, 100000.0, 1000000.0, 0.0) }}|{{ '%G' % 1e-10 }}|{{ '%.3g' % 1234.5 }}|{{ '%.0g' % 15.0 }}|{{ '%.10g' % 0.1 }}|{{ '%g' % 1.50 }}|{{ '%g' % 999999.5 }}|{{ '%.2g' % 0.00099999 }}|{{ '%g' % -1.5e20 }}|{{ '%g' % 10.0 }}|{{ '%.1g' % 0.25 }}
methods: {{ '%f' % ('inf' | float) }}{{ '%e' % ('nan' | float) }}{{ '%G' % ('-inf' | float) }}{{ '%05f' % ('inf' | float) }}
methods: {{ '%d' % ('inf' | float) }}
methods: {{ '%s|%5s|%-5s|%.2s|%5.1s|%.9s|%.0s|%+s|%05s' % ('a', 'ab', 'ab', 'abc', 'abc', 'abc', 'abc', 'x', 'y') }}|{{ '%r|%a|%.2r' % ('a', 'b', 'cd') }}|{{ '%c%c%c' % (65, 'z', 128512) }}|{{ '%.1s' % '😀a' }}|{{ '%3s' % '😀' }}|{{ '%5c' % 'x' }}|{{ '%-3cq' % 'x' }}|{{ '%s' % none }}|{{ '%s' % [1, 2] }}
methods: {{ '%c' % 'ab' }}
methods: {{ '%c' % 1114112 }}
methods: {{ '%c' % -1 }}
methods: {{ '%c' % 1.5 }}
methods: {{ '%x' % 1.5 }}
methods: {{ '%x' % 'a' }}
methods: {{ '%f' % 'a' }}
methods: {{ '%y' % 1 }}
methods: {{ '%5%' % () }}
methods: {{ '%5%' % 1 }}
methods: {{ '%(a)%' % {'a': 1} }}
methods: {{ '%' % 1 }}
methods: {{ 'a%' % () }}
methods: {{ '%s' % () }}
methods: {{ '%s' % (1, 2) }}
methods: {{ '%(a)s' % 1 }}
methods: {{ '%(b)s' % {'a': 1} }}
methods: {{ '%(a)s %s' % {'a': 1} }}
methods: {{ '%(a)s-%(b)5d|%(a)s' % {'a': 1, 'b': 2} }}{{ 'x' % {'a': 1} }}{{ 'x' % [1] }}{{ '%s' % {'a': 1} }}{{ 'x' % () }}{{ '%ld%hd%Ld' % (1, 2, 3) }}{{ '%%' % () }}{{ '%s %(a)s' % {'a': 1} }}{{ 'a%sb%sc' % (1, 2) }}
methods: {{ '%s' | format }}
methods: {{ '%s' | format(1, a=2) }}
methods: {{ {'a': 1}.copy() }}{{ {'a': 1}.get('b') is none }}{{ {}.keys() | list }}
methods: {{ {'a': 1}.get() }}
methods: {{ {'a': 1}.keys(1) }}
numbers: {{ 7 // -2 }} {{ -7 // -2 }} {{ 6 // 3 }} {{ -6 // 3 }} {{ 7 % -2 }} {{ -7 % -2 }} {{ 6 % 3 }} {{ -6 % 4 }} {{ 0 // 5 }} {{ 0 % -5 }} {{ 10 ** 25 // 10 ** 24 }} {{ -(10 ** 25) // 3 }} {{ 10 ** 25 % -7 }}
numbers: {{ 7.5 // -2 }} {{ -7.5 // -2 }} {{ 6.0 // 3 }} {{ -0.5 // 1 }} {{ 0.0 // -5 }} {{ 7.5 % -2 }} {{ -7.5 % -2 }} {{ 6.0 % 3 }} {{ 6.0 % -3 }} {{ -6.0 % 3 }} {{ 0.3 // 0.1 }} {{ 0.3 % 0.1 }} {{ 1e300 // 1e-10 }} {{ 5 // 0.7 }} {{ -5 // 0.7 }} {{ 1 // 0.1 }} {{ -1 // 0.1 }} {{ 2.0 // 0.1 }} {{ -1e-300 // 1 }} {{ 1e17 // 3 }}
numbers: {{ 1.5 + 1 }} {{ 1 - 0.5 }} {{ 2 * 1.5 }} {{ 1.5 / 2 }} {{ 5 - 7 }} {{ 3 * -4 }} {{ 2 + true }} {{ 1 / 3 }} {{ -1 / 3 }} {{ 10 ** 20 / 10 ** 19 }} {{ (2 ** 53 + 1) / 1 }} {{ (2 ** 54 + 1) / 3 }} {{ 3 / (2 ** 54 + 1) }} {{ 9007199254740993 / 9007199254740992 }} {{ (10 ** 400) / (10 ** 399) }}
numbers: {{ (10 ** 400) / 3 }}
numbers: {{ (10 ** 400) * 1.0 }}
numbers: {{ 5 // 0.0 }}
numbers: {{ 5 % 0.0 }}
numbers: {{ 5 / 0 }}
numbers: {{ 5 // false }}
numbers: {{ 2 ** 62 }} {{ 2 ** 63 }} {{ 2 ** 64 }} {{ -(2 ** 63) }} {{ -(2 ** 63) - 1 }} {{ 2 ** 63 - 1 }} {{ (-2) ** 3 }} {{ 0 ** 0 }} {{ 1 ** 1000000 }} {{ (-1) ** 1000001 }} {{ (-1) ** 1000002 }} {{ 0 ** 5 }} {{ 0 ** 10000000 }} {{ 1 ** 0 }} {{ 2 ** 0 }} {{ 3 ** 100 }} {{ true ** 2 }} {{ 5 ** 1 }} {{ (-1) ** 0 }} {{ 2 ** 1000 % 1000007 }} {{ 3 ** 7000 % 1000007 }}
numbers: {{ 2.0 ** 3 }} {{ 2 ** -2 }} {{ 4 ** 0.5 }} {{ (-8.0) ** 3 }} {{ 0.0 ** 2 }} {{ 0 ** 0.5 }} {{ (-2) ** -2 }} {{ 10 ** -20 }} {{ ('inf' | float) ** 2 }} {{ 2 ** ('-inf' | float) }} {{ (-2.0) ** 2.0 }} {{ 0.5 ** ('inf' | float) }} {{ (-1) ** ('inf' | float) }} {{ (-1) ** ('-inf' | float) }} {{ 1 ** ('nan' | float) }} {{ 1.0 ** ('inf' | float) }} {{ (-2) ** 4 }} {{ (-2) ** 5 }} {{ (-3) ** 3 }} {{ (-2) ** 1 }}
numbers: {{ 0 ** -1 }}
numbers: {{ 0.0 ** -2 }}
numbers: {{ 10.0 ** 400 }}
numbers: {{ 2 < 10 ** 30 }} {{ 10 ** 30 < 2 }} {{ 10 ** 30 > 1e29 }} {{ 10 ** 30 == 10 ** 30 }} {{ 1 < ('inf' | float) }} {{ 10 ** 400 < ('inf' | float) }} {{ ('-inf' | float) < -(10 ** 400) }} {{ ('nan' | float) == ('nan' | float) }} {{ 1 < ('nan' | float) }} {{ ('nan' | float) != 1 }} {{ 1 <= ('nan' | float) }} {{ 9007199254740993 == 9007199254740992.0 }} {{ 9007199254740993 > 9007199254740992.0 }} {{ 1.5 < 2 }} {{ 2.5 > 2 }} {{ 2 >= 2.0 }} {{ 2 <= 1.9 }} {{ 2.0 >= 2.1 }} {{ 2.0 < 2.0 }} {{ 1.0 <= 1.0 }} {{ ('inf' | float) == ('inf' | float) }} {{ ('inf' | float) > 1.5 }} {{ true > false }} {{ 1 <= 1 }} {{ 2 <= 1 }} {{ 1 >= 2 }}
numbers: {{ 'a' <= 'a' }}{{ 'b' <= 'a' }}{{ 'a' >= 'b' }}{{ 'a' > 'a' }}{{ 'ab' > 'a' }}{{ 'a' < 'ab' }}{{ '' < 'a' }}{{ 'a😀' < 'a\uffff' }}{{ 'a😀' > 'a😁' }}{{ '😀a' < '😀b' }}{{ [1, 2] <= [1, 2] }}{{ [1, 2] < [1, 2, 0] }}{{ [1, 3] > [1, 2, 0] }}{{ [] < [1] }}{{ (1, 'a') < (1, 'b') }}{{ ('a' | safe) < 'b' }}{{ [[1, 2], 3] < [[1, 3], 0] }}{{ (2,) >= (1, 5) }}
numbers: {{ [1] < ['a'] }}
numbers: {{ [1, 'a'] < [1, 2] }}
numbers: {{ {} < {} }}
numbers: {{ (1,) < [1] }}
numbers: {{ 1_000.5 }} {{ 1e1_0 }} {{ 0b1_1 }} {{ 0o1_7 }} {{ 0xF_f }} {{ 0_0 }} {{ 1.5e+3 }} {{ 1.5E-3 }} {{ 12e2 }} {{ 0XAb }} {{ 0B10 }} {{ 0O17 }} {{ 00 }}
numbers: {{ 1e15 }} {{ 123456789012345.6 }} {{ 9999999999999998.0 }} {{ 1e-4 }} {{ 0.00012 }} {{ 0.000099 }} {{ 1e-5 }} {{ 1.25e-10 }} {{ 1e9 }} {{ 1.5e300 }} {{ -1.5e16 }} {{ 2e-9 }} {{ 1e-10 }} {{ -1e-4 }} {{ 100.0 }} {{ 0.5 }} {{ 9.5e15 }} {{ 2e-323 }} {{ 1.2e-322 }} {{ 1e23 }} {{ 2e22 }} {{ 1.7976931348623157e308 }}
numbers: {{ 2.5 | round(0) }} {{ 1.25 | round(1) }} {{ -1.25 | round(1) }} {{ 1.35 | round(1) }} {{ 1250 | round(-2) }} {{ 1350 | round(-2) }} {{ -1250 | round(-2) }} {{ 1249.9 | round(-2) }} {{ 5 | round(2) }} {{ true | round }} {{ -0.4 | round }} {{ (-0.4) | round }} {{ 0.4 | round }} {{ 7 | round(0, 'floor') }} {{ 7 | round(-1, 'ceil') }} {{ 7 | round(-1, 'floor') }} {{ 42.123 | round(2, 'ceil') }} {{ -42.123 | round(2, 'floor') }} {{ (-42.55) | round(1, 'ceil') }} {{ (-42.55) | round(1, 'floor') }} {{ 1e300 | round(2) }} {{ ('nan' | float) | round(2) }} {{ ('inf' | float) | round(1) }} {{ 2.675 | round(2, 'common') }} {{ 1.5 | round(300) }} {{ 5 | round(1, 'ceil') }}
numbers: {{ 'a' | round }}
numbers: {{ 1.5 | round(1, 'up') }}
numbers: {{ ('inf' | float) | round(1, 'ceil') }}
numbers: {{ 1.5 | round('a') }}
numbers: {{ '12' | int(base=3) }} {{ 'zz' | int(0, 36) }} {{ '0b11' | int(0, 2) }} {{ '0o17' | int(0, 8) }} {{ '0x_ff' | int(0, 16) }} {{ '-0x1f' | int(0, 16) }} {{ '+5' | int }} {{ '5_' | int }} {{ '_5' | int }} {{ '5__5' | int }} {{ '' | int }} {{ '-' | int }} {{ '9' | int(7, 8) }} {{ '1e3' | int }} {{ '-2.9' | int }} {{ 'nan' | int }} {{ 'inf' | int(3) }} {{ '10' | int(0, 2) }} {{ '9223372036854775808' | int }} {{ [1] | int }} {{ [] | int(9) }} {{ {} | int }} {{ false | int }} {{ 1e20 | int }} {{ ('nan' | float) | int(4) }} {{ '٣٤' | int }} {{ '0x1f' | int }} {{ 'Z' | int(0, 36) }} {{ '0x' | int(5, 16) }}
numbers: {{ 'x' | int(default='d') }}{{ 'x' | float(default='d') }}{{ none | int('n') }}{{ none | float('n') }}
numbers: {{ missing | int }}
numbers: {{ missing | float }}
numbers: {{ '.5' | float }} {{ '5.' | float }} {{ '.' | float }} {{ '-.5e2' | float }} {{ '1e' | float }} {{ 'e5' | float }} {{ '+inf' | float }} {{ '-INFINITY' | float }} {{ '-nan' | float }} {{ '1__0' | float }} {{ '_1' | float }} {{ '1_' | float }} {{ '1e5_0' | float }} {{ '٣.٥' | float }} {{ '' | float }} {{ ' 2 ' | float }} {{ false | float }} {{ [1] | float }} {{ 10 ** 20 | float }} {{ '0x1' | float }} {{ '1 2' | float }} {{ '+-1' | float }}
numbers: {{ (10 ** 400) | float }}
numbers: {{ -7 | abs }}{{ (-7) | abs }}{{ (-7.5) | abs }}{{ (-(10 ** 20)) | abs }}{{ false | abs }}
numbers: {{ 'a' | abs }}
numbers: {{ [] | sum }}{{ [1, true, 2] | sum }}{{ [1, 2] | sum(start=10) }}{{ [0.5, 0.25] | sum }}{{ [1, 0.5] | sum }}{{ [{'a': {'b': 2}}, {'a': {'b': 3}}] | sum('a.b') }}{{ [[1, 5], [2, 6]] | sum(attribute=1) }}{{ [[1], [2]] | sum(start=[0]) }}{{ [1e16, 1.0, -1e16] | sum(start=0.0) }}{{ [1.5, -1.5] | sum }}{{ {1: 2, 3: 4} | sum }}
numbers: {{ [1, 'a'] | sum }}
numbers: {{ ['a'] | sum(start='') }}
numbers: {{ 999 | filesizeformat }}|{{ 1000 | filesizeformat }}|{{ 999999 | filesizeformat }}|{{ 1500000 | filesizeformat }}|{{ 1e9 | filesizeformat }}|{{ 1e12 | filesizeformat }}|{{ 1e24 | filesizeformat }}|{{ 1e27 | filesizeformat }}|{{ 1e30 | filesizeformat }}|{{ 1023 | filesizeformat(true) }}|{{ 1024 | filesizeformat(true) }}|{{ 1048576 | filesizeformat(binary=true) }}|{{ 0 | filesizeformat }}|{{ '1234' | filesizeformat }}|{{ 1.0 | filesizeformat }}|{{ 1.5 | filesizeformat }}|{{ -5 | filesizeformat }}|{{ true | filesizeformat }}|{{ 1e15 | filesizeformat }}|{{ 1e18 | filesizeformat }}|{{ 1e21 | filesizeformat }}|{{ (2 ** 80) | filesizeformat(true) }}
numbers: {{ 'x' | filesizeformat }}
numbers: {{ [] | filesizeformat }}
numbers: {{ -'a' }}
numbers: {{ +[1] }}
numbers: {{ - 1.5 }}{{ + 1.5 }}{{ -(10 ** 20) }}{{ +true }}{{ - -2 }}{{ -2 ** 2 }}{{ 2 ** -1 }}{{ -2 | string }}{{ not -1 }}
concat: {{ [1] * 0 }}{{ [1, 2] * 2 }}{{ (1,) * 2 }}{{ 2 * (1, 2) }}{{ 2 * [3] }}{{ 'ab' * 0 }}{{ '' * 5 }}{{ [] * 3 }}{{ 'a' * false }}{{ [1] * -1 }}{{ [('a' | safe) * 2, 2 * ('b' | safe)] }}
concat: {{ [('<' | safe) + '<', '<' + ('<' | safe), ('a' | safe) + ('b' | safe)] }}{{ [] + [] }}{{ () + (1,) }}
concat: {{ ('a' | safe) + 1 }}
concat: {{ 'a' * 'b' }}
concat: {{ {} * 2 }}
concat: {{ 'a' * 1.0 }}
concat: {{ 1 + none }}
concat: {{ missing * 2 }}
concat: {{ (1,) + [1] }}
concat: {{ [1] - [1] }}
tests: {{ 5 is sameas 5 }}{{ (-5) is sameas(-5) }}{{ 256 is sameas 256 }}{{ 1 is sameas 2 }}{{ none is sameas 1 }}{{ true is sameas 1 }}{{ [] is sameas [] }}{{ 'a' is sameas 'b' }}{{ 1 is sameas 'a' }}{{ 1.5 is sameas 2.5 }}{{ false is sameas false }}{{ 'x' is sameas none }}{{ messages is sameas messages }}
tests: {{ 3 is odd }}{{ -3 is odd }}{{ 2.0 is even }}{{ 3.5 is odd }}{{ 0 is even }}{{ true is odd }}{{ 10 is divisibleby 5 }}{{ 10 is divisibleby 3 }}{{ 10.0 is divisibleby(2.5) }}{{ 5 is divisibleby(num=5) }}{{ 'a' is in(seq='abc') }}{{ 1 is sameas(other=1) }}
tests: {{ 1 is divisibleby 0 }}
tests: {{ 1 is odd(2) }}
tests: {{ 1 is eq }}
tests: {{ none is odd }}
tests: {{ 1 is undefined }}{{ missing is undefined }}{{ missing is defined }}{{ none is none }}{{ 0 is none }}{{ 0 is boolean }}{{ false is boolean }}{{ true is true }}{{ 'true' is true }}{{ false is true }}{{ false is false }}{{ 0 is false }}{{ true is integer }}{{ 1 is integer }}{{ 10 ** 20 is integer }}{{ 1.0 is float }}{{ 1 is float }}{{ true is number }}{{ 1.5 is number }}{{ '1' is number }}{{ 'a' is string }}{{ ('a' | safe) is string }}{{ 1 is string }}{{ {} is mapping }}{{ [] is mapping }}
tests: {{ 'a' is sequence }}{{ [] is sequence }}{{ () is sequence }}{{ {} is sequence }}{{ range(3) is sequence }}{{ 1 is sequence }}{{ missing is sequence }}{{ {}.keys() is sequence }}{{ ('a' | safe) is sequence }}{{ none is sequence }}{{ namespace() is sequence }}{{ [] is iterable }}{{ {}.keys() is iterable }}{{ 'a' is iterable }}{{ range(1) is iterable }}{{ () is iterable }}{{ {} is iterable }}{{ missing is iterable }}{{ 1 is iterable }}{{ none is iterable }}{{ ([1] | map('string')) is iterable }}{{ range is iterable }}{{ ('a' | safe) is iterable }}
tests: {{ range is callable }}{{ 'a' is callable }}{{ missing is callable }}{{ 'a'.upper is callable }}{{ none is callable }}{{ namespace is callable }}{{ 'abc' is lower }}{{ 'Abc' is lower }}{{ 'ABC' is upper }}{{ 'ABc' is upper }}{{ 1 is lower }}{{ none is upper }}{{ 'upper' is filter }}{{ 'wordwrap' is filter }}{{ 'nope' is filter }}{{ 'odd' is test }}{{ 'in' is test }}{{ '==' is test }}{{ 'nope' is test }}{{ 'sameas' is test }}{{ 'a' is escaped }}{{ ('a' | safe) is escaped }}{{ 'divisibleby' is test }}
tests: {% for x in [1] %}{{ loop is iterable }}{{ loop is callable }}{% endfor %}{% macro f() %}{% endmacro %}{{ f is callable }}{{ f is iterable }}{{ namespace() is callable }}{{ namespace() is mapping }}{{ cycler(1) is callable }}{{ joiner() is callable }}
tests: {{ 1 is == 1 }}
tests: {{ 1 is lt 1 }}{{ 1 is le 1 }}{{ 1 is gt 1 }}{{ 1 is ge 1 }}{{ 1 is ne 1 }}{{ 1 is lessthan(2) }}{{ 3 is greaterthan(2) }}{{ 1 is equalto 2 }}{{ 'a' is in ['a'] }}{{ 'b' is not in ['a'] }}{{ [1, 2, 3] | select('<', 2) | list }}{{ [1, 2, 3] | select('>=', 2) | list }}{{ [1, 2, 3] | select('!=', 2) | list }}{{ [1, 2, 3] | reject('in', [2]) | list }}{{ [1, 2, 3] | select('==', 2) | list }}{{ [1, 2, 3] | select('>', 2) | list }}{{ [1, 2, 3] | select('<=', 2) | list }}{{ [1, 2] | select('le', 1) | list }}
tests: {{ 1 is odd is even }}
tests: {{ 1 is 5 }}
tests: {{ 1 is divisibleby 2 or 3 is odd }}{{ 'y' if 1 is odd else 'n' }}{{ 4 is divisibleby [2][0] }}{{ 1 is in {1: 2} }}{{ 'a' is string and 1 is odd }}{{ 9 is divisibleby 2.5 }}{{ 1 is not divisibleby 2 }}{{ 'b' is in 'a' 'b' }}
numbers: {{ (-2) ** 20000 }}
numbers: {{ 3 ** 1048577 }}
numbers: {{ (2 ** 7000) * (2 ** 6999) % 10007 }}{{ (2 ** 13000) // (2 ** 12990) }}
loop: {% for x in [1,2,3] if x > 1 %}{{ loop.index }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.length }}{{ loop.first }}{{ loop.last }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}
loop: {% for x in [1,2,3] | map('string') %}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.nextitem }};{% endfor %}
loop: {% for x in [1,2,3] | map('string') %}{{ loop.nextitem }}{{ loop.length }}{{ loop.revindex0 }};{% endfor %}
loop: {% for x in [1,2,3] | map('string') %}{{ loop.length }}{{ loop.last }}{{ x }};{% endfor %}
loop: {% for x in [] if x %}a{% else %}b{% endfor %}{% for x in [1] %}{% continue %}{% else %}e{% endfor %}{% for x in [1, 2] %}{% if x == 2 %}{% break %}{% endif %}{% else %}e{% endfor %}{% for x in [1] %}{% break %}{% else %}e{% endfor %}
loop: {% for x in [1,2,3,4,5] %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x // 2) }}{{ loop.changed(x // 2, 1) }}{% endfor %}
loop: {% for x in [1] %}{{ loop.cycle() }}{% endfor %}
loop: {% for x in [1] %}{{ loop(1) }}{% endfor %}
loop: {% for x in [[1,[2]],[3]] recursive %}{{ loop.depth }}{{ loop.depth0 }}{% if x is iterable %}<{{ loop(x) }}>{% else %}{{ x }}{% endif %}{% endfor %}
loop: {% for x in [1,2] recursive %}{{ loop }}{% endfor %}{% for x in [1,2] %}{{ loop.length * loop.index }}{{ loop is iterable }}{% endfor %}
loop: {% for a in 'ab' %}{% for b in 'cd' %}{{ a }}{{ b }}{{ loop.index }}{% if b == 'c' %}{% continue %}{% endif %}!{% endfor %}{{ loop.index }}{% endfor %}
loop: {% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% for (a,) in [(1,)] %}{{ a }}{% endfor %}{% for x in 1, 2 %}{{ x }}{% endfor %}{% for a, b in ['xy', [1, 2]] %}{{ a }}{{ b }}{% endfor %}
loop: {% for a, b in [(1,)] %}{% endfor %}
loop: {% for true in [1] %}{% endfor %}
loop: {% for a.b in [1] %}{% endfor %}
loop: {% for x in [3, 1, 2] | sort if x != 2 %}{{ x }}{{ loop.last }}{% endfor %}{% for x in range(3) %}{% set y = x %}{% endfor %}{{ y is defined }}{% for x in {'a': 1}.items() %}{{ x[0] }}{{ x[1] }}{% endfor %}{% for x in ('ab' | safe) %}{{ x }}{% endfor %}
loop: {% for x in [1, 2, 3] %}{% if loop.first %}{{ loop.previtem is defined }}{% endif %}{% if loop.last %}{{ loop.nextitem is defined }}{% else %}{{ loop.nextitem - x }}{% endif %}{% if not loop.first %}{{ x - loop.previtem }}{% endif %}{% endfor %}
loop: {% break %}
loop: {% for x in [1] %}{% macro f() %}{% continue %}{% endmacro %}{% endfor %}
loop: {% for x in [1, 2] %}{% if true %}{% if x == 1 %}{% continue %}{% endif %}{% endif %}{{ x }}{% endfor %}{% for x in [1, 2, 3] %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}
loop: {% for x in [1, 2] -%}  {{ x }}  {%- endfor %}{% for x in [1]: %}{{ x }}{% endfor %}{% if true: %}y{% else: %}n{% endif %}
loop: {% for x in [1] %}{% endfor
loop: {% for x %}{% endfor %}
loop: {% for x in [1] %}
loop: {% for in [1] %}{% endfor %}
loop: {% for x in [5, 6] if loop is defined %}{{ x }}{% else %}none{% endfor %}
loop: {% set g = [1, 2, 3] | map('string') %}{{ g | first }}{{ g | list }}{{ g | list }}{% for x in g %}{{ x }}{% else %}e{% endfor %}
namespace: {% set ns = namespace({'a': 1}) %}{% set ns.a, b = 2, 3 %}{{ ns.a }}{{ b }}{% set ns.c = ns %}{{ ns.c.a }}{{ ns.zz is defined }}
namespace: {% set ns = namespace(_x=1) %}
namespace: {% set true = 1 %}
namespace: {% set a, b = 1 %}
namespace: {% set a, b = 1, 2, 3 %}
namespace: {% set (a, b), c = (1, 2), 3 %}{{ a }}{{ b }}{{ c }}{% set x = y = 1 %}
namespace: {% set (a, b), c = (1, 2), 3 %}{{ a }}{{ b }}{{ c }}{% set (a, ) = [7] %}{{ a }}{% set c, (a, b) = 3, (1, 2) %}{{ a }}{{ b }}{{ c }}{% set (a) = 1 %}{{ a }}
namespace: {% set x %}{{ 1 }}{% endset %}{{ x is escaped }}{{ [x] }}{% set y | trim | upper %} ab {% endset %}{{ y }}|{% set ns = namespace() %}{% set ns.t | upper %}q{% endset %}{{ ns.t }}
namespace: {% set %}{% endset %}
namespace: {% set x = 1
namespace: {% set x = %}
macros: {% macro f(a, b=1, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(5) }}|{{ f(5, c=2) }}|{{ f(1, 2, 3) }}|{{ f(b=2, a=3) }}|{{ f.arguments }}{{ f.name }}{{ f.catch_kwargs }}{{ f.catch_varargs }}{{ f.caller }}{{ f }}{{ f.zz is defined }}
macros: {% macro f() %}{{ varargs }}{{ kwargs }}{{ caller is defined }}{% endmacro %}{{ f() }}|{{ f(1, x=2) }}|{{ f.catch_kwargs }}{{ f.catch_varargs }}{{ f.caller }}{% call f(1) %}{% endcall %}
macros: {% macro f(varargs, kwargs) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2) }}
macros: {% macro f(varargs) %}{{ varargs }}{% endmacro %}{{ f(1, 2) }}
macros: {% macro f(a) %}{{ a }}{% endmacro %}{% call f(1) %}x{% endcall %}
macros: {% macro f(a=1, b) %}{% endmacro %}
macros: {% macro f(a, a) %}{% endmacro %}
macros: {% macro f(a b) %}{% endmacro %}
macros: {% macro f %}{% endmacro %}
macros: {% macro f(1) %}{% endmacro %}
macros: {% macro f(x) %}{% if x > 0 %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(3) }}{% set a = 1 %}{% macro g() %}{% set a = 2 %}{{ a }}{% endmacro %}{{ g() }}{{ a }}{% if true %}{% macro h() %}h{% endmacro %}{% endif %}{{ h() }}
macros: {% macro d(a) %}<{{ caller(a, 5) }}|{{ caller(a) }}>{% endmacro %}{% call(x, y=7) d(a=1) %}{{ x }}{{ y }}{% endcall %}
macros: {% macro d(a) %}<{{ caller(a) }}>{% endmacro %}{% call(x, y=7) d(1) %}{{ x }}{{ y }}{{ a is defined }}{% endcall %}{% macro n() %}[{{ caller() }}]{% endmacro %}{% call n() %}{% call n() %}i{% endcall %}{% endcall %}
macros: {% call 5 %}{% endcall %}
macros: {% macro f(a) %}{{ a }}{% endmacro %}{{ f(a=1)[0] }}{{ f(1) ~ f(2) }}{{ [f(1)] }}{{ f(missing) }}|{{ f(none) }}
macros: {% macro f(a, b=missing) %}{{ b is defined }}{% endmacro %}{{ f(1) }}{{ f(1, 2) }}
macros: {{ 5() }}
macros: {{ 'a'() }}
macros: {{ messages() }}
macros: {{ (1)(2) }}
blocks: {% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{% with a = 1 b = 2 %}{% endwith %}
blocks: {% with a = 1 %}{% with b = a + 1 %}{{ a }}{{ b }}{% endwith %}{{ b is defined }}{% endwith %}{{ a is defined }}{% with a, b = (1, 2) %}{{ a }}{{ b }}{% endwith %}
blocks: {% with a = 1 %}{{ a }}{% endwith %}{% set b = 1 %}{% with %}{% set b = 2 %}{{ b }}{% endwith %}{{ b }}
blocks: {% if 0 %}a{% elif 0 %}b{% elif 1 %}c{% else %}d{% endif %}{% if 0 %}a{% elif 0 %}b{% endif %}{% if 1 %}{% if 0 %}x{% else %}y{% endif %}{% endif %}
blocks: {% if %}{% endif %}
blocks: {% if true %}{% elif %}{% endif %}
blocks: {% if true %}{% else %}{% else %}{% endif %}
blocks: {% endif %}
blocks: {% 5 %}
blocks: {% %}
blocks: {% if true x %}{% endif %}
blocks: {% print 1, %}
blocks: {% print 1 %}{% print 'a', 2 %}
blocks: {% filter upper | replace('A', 'x') %}abc{% endfilter %}{% filter trim %} a {% endfilter %}{% filter indent(2) %}a
b{% endfilter %}{% set a = 'q' %}{% filter upper %}{{ a }}{% set a = 'z' %}{% endfilter %}{{ a }}
blocks: {% filter %}{% endfilter %}
blocks: {% generation %}{% set a = 1 %}{{ a }}{% endgeneration %}{{ a is defined }}
blocks: {% for x in [1] %}{% generation %}{% break %}{% endgeneration %}{% endfor %}
expressions: {{ 1 if true }}{{ 1 if false }}{{ (1 if false) is defined }}{{ 1 if true else 2 if false else 3 }}{{ 1 if false else 2 if true else 3 }}{{ (1 if true if false) is defined }}
expressions: {{ 1 or missing.x }}{{ 0 and missing.x }}{{ true or 1 // 0 }}{{ '' or 0 }}{{ 1 and 'a' }}{{ [] and 1 }}{{ 1 or 2 and 3 }}{{ not 1 or 1 }}{{ not (1 and 0) }}{{ 1 and not 0 }}
expressions: {{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 3 > 2 > 1 != 5 }}{{ 1 == 1 != 2 }}{{ 1 in [1] == true }}{{ 1 < 2 in [2] }}{{ 2 not in [1] }}{{ not 2 in [1] }}{{ 1 < 2 > missing2 | default(0) }}
expressions: {{ 1, 2 }}{{ (1, 2) }}{{ 1, }}{{ () }}{{ (1) }}{{ ((1, 2), 3) }}{{ 1 + 2, 3 }}
expressions: {{ (1, }}
expressions: {{ [1 2] }}
expressions: {{ {1: 2, } }}{{ {1: 2, 'a': [3]} }}{{ { } }}{{ [ ] }}{{ [1, ] }}
expressions: {{ {1 2} }}
expressions: {{ {1: 2 3: 4} }}
expressions: {{ {1: } }}
expressions: {{ a[ }}
expressions: {{ a. }}
expressions: {{ a.'b' }}
expressions: {{ a[] }}
expressions: {{ a[1:2:3:4] }}
expressions: {{ 'abc'.1 }}{{ [1, 2].0 }}{{ [[1]].0.0 }}{{ {0: 'z'}.0 }}{{ messages.0.role }}{{ 'abc'.upper().lower().title() }}{{ ('a' ~ 'b').upper() }}{{ [1, 2][0] + 1 }}{{ {'a': {'b': 'c'}}['a']['b'][0] }}{{ 'x'.upper()[0] }}
expressions: {{ 'a' 'b' ~ 'c' }}{{ 1 ~ 2 ~ 3 }}{{ 2 * 3 ~ 1 }}{{ 'a' ~ missing ~ none ~ true }}{{ [1] ~ (2,) }}{{ 2 * 3 + 4 * 5 - 6 }}{{ 2 - 3 * 4 ** 2 / 8 }}{{ 10 - 2 - 3 }}{{ 100 / 10 / 5 }}{{ 7 % 4 * 2 }}{{ 2 ** 2 ** 3 }}{{ 2 * 3 % 4 }}{{ 7 // 2 * 2 }}{{ 8 - 3 + 1 }}
expressions: {{ -3 | abs }}{{ (-3) | abs }}{{ 3 | string | length + 1 }}{{ 'a' | upper ~ 'b' }}{{ 'ab' | upper | lower | first }}{{ -messages | length }}
expressions: {{ -3 | abs }}{{ (-3) | abs }}{{ 3 | string | length + 1 }}{{ 'a' | upper ~ 'b' }}{{ 'ab' | upper | lower | first }}{{ 2 ** '3' | int }}{{ [1, 2] | first + 1 }}{{ 'a' ~ 1 | string }}
expressions: {{ cycler('a', 'b').current }}{% set c = cycler(1, 2, 3) %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.reset() }}{{ c.current }}{{ c.next() }}{{ c.zz is defined }}{% set j = joiner() %}{{ j() }}{{ j() }}{{ j() }}{% set k = joiner(sep='-') %}{{ k() }}{{ k() }}
expressions: {{ joiner(1, 2) }}
expressions: {{ range(3, 1) | list }}{{ range(3, 1, -1) | list }}{{ range(1, 10, 4) | list }}{{ range(-2) | list }}{{ range(100000) | length }}{{ range(0, -5, -2) | list }}{{ range(true) | list }}
expressions: {{ range(100001) }}
expressions: {{ range(1, 2, 3, 4) }}
expressions: {{ range(stop=3) }}
expressions: {{ range('a') }}
expressions: {{ range(1, 5, 0) }}
expressions: {{ strftime_now('%-d %-m %-H %-I %-M %-S %-j %y') }}|{{ strftime_now('%d %b %h %B %H %I %p %M %S %f %a %A %j %F %T %R %D %% x') }}|{{ strftime_now('') }}|{{ strftime_now('%Y%m') }}
expressions: {{ strftime_now(1) }}
expressions: {{ True }}{{ False }}{{ None }}{{ true }}{{ false }}{{ none }}{{ 1_0 }}{{ ä }}{{ _x }}{{ x1 }}{{ über | default('u') }}
expressions: {{ 1 2 }}
expressions: {{ 'a' if }}
expressions: {{ | upper }}
expressions: {{ 'a' | }}
expressions: {{ 'a' | 5 }}
expressions: {{ 1 + }}
expressions: {{ * 2 }}
expressions: {{ (1 }}
expressions: {{ 1) }}
expressions: {{ [1) }}
expressions: {{ "a" "b" 'c' }}{{ "it's" }}{{ 'say "x"' }}{{ 'a\'b' }}{{ "a\"b" }}{{ '' }}{{ "" }}|{{ 'a
b' }}
expressions: {{ a = 1 }}
expressions: {{ a; b }}
expressions: {{ a $ b }}
expressions: {{ f(a=) }}
expressions: {{ dict(a=1, b=2)['b'] }}{{ dict(a=1,) }}{{ [1, 2,][1] }}{{ dict(**{'a': 1}) }}{{ range(*[3]) | list }}{{ range(*[1, 3], ) | list }}
expressions: {{ raise_exception('a\nb') }}
expressions: {{ 'a' is string }}{{ 'a' is not string }}{{ not 'a' is string }}{{ 1 is number and 2 is number }}{{ (1 is number) == true }}{{ 1 is number == true }}
loop: {% for a, in [(1,)] %}{{ a }}{% endfor %}
namespace: {% set a, = [7] %}{{ a }}
namespace: {% set a, b, = [7, 8] %}{{ a }}
namespace: {% set ns = namespace() %}{% set (ns.a, b) = 1, 2 %}{{ ns.a }}
namespace: {% with (a, b) = (1, 2) %}{{ a }}{% endwith %}{% with a, b = (1, 2) %}{{ b }}{% endwith %}{% set (a, b) = 1, 2 %}{{ a }}{{ b }}
namespace: {% with a.b = (1, 2) %}{{ a }}{% endwith %}
sequences: {{ [3, 1, 2] | sort(true) }}{{ ['b', 'a', 'B'] | sort }}{{ ['b', 'a', 'B'] | sort(reverse=true) }}{{ ['b', 'a', 'B'] | sort(case_sensitive=true) }}{{ [{'a': 2, 'b': 1}, {'a': 1, 'b': 2}, {'a': 1, 'b': 1}] | sort(attribute='a,b') }}{{ [{'a': 2}, {'a': 1}] | sort(attribute='a') }}{{ [[2, 'x'], [1, 'y']] | sort(attribute=0) }}{{ ['b', 'a'] | sort(false, true) }}{{ [{'a': {'b': 2}}, {'a': {'b': 1}}] | sort(attribute='a.b') }}{{ [1, 2] | sort(attribute=none) }}
sequences: {{ [{'a': 'B'}, {'a': 'a'}] | sort(attribute='a') }}{{ [{'a': 'B'}, {'a': 'a'}] | sort(attribute='a', case_sensitive=true) }}{{ [(1, 'b'), (1, 'a')] | sort }}{{ [2, 1, 2.0, true] | sort }}{{ [] | sort }}{{ 'bAc' | sort }}{{ {'b': 1, 'a': 2} | sort }}{{ [[1], []] | sort }}
sequences: {{ [{'a': 1}, {'b': 1}] | sort(attribute='a') }}
sequences: {{ {'b': 1, 'A': 2, 'c': 0} | dictsort }}{{ {'b': 1, 'A': 2, 'c': 0} | dictsort(true) }}{{ {'b': 1, 'A': 2, 'c': 0} | dictsort(by='value') }}{{ {'b': 1, 'A': 2} | dictsort(reverse=true) }}{{ {'b': 'X', 'a': 'y'} | dictsort(false, 'value') }}{{ {'b': 'y', 'a': 'Z'} | dictsort(true, 'value') }}{{ {'b': 1, 'a': 2} | dictsort(false, 'value', true) }}
sequences: {{ [1] | dictsort }}
sequences: {{ {} | dictsort(by='x') }}
sequences: {{ ['a', 'A', 'b', 'a'] | unique | list }}{{ ['a', 'A'] | unique(true) | list }}{{ [1, 1.0, true, 2] | unique | list }}{{ [{'a': 1, 'b': 1}, {'a': 1, 'b': 2}] | unique(attribute='a') | list }}{{ 'aab' | unique | list }}{{ [[1, 2], [1, 3]] | unique(attribute=0) | list }}{{ [(1, 2), (1, 2)] | unique | list }}
sequences: {{ [3, 1, 2] | min }}{{ [3, 1, 2] | max }}{{ ['b', 'A'] | min }}{{ ['b', 'A'] | min(case_sensitive=true) }}{{ ['a', 'B'] | max }}{{ ['a', 'B'] | max(true) }}{{ [{'a': 2}, {'a': 1}] | min(attribute='a') }}{{ [{'a': 2}, {'a': 1}] | max(attribute='a') }}{{ [] | max is defined }}{{ [1, 1.0] | min }}{{ [1, 1.0] | max }}{{ ['A', 'a'] | min }}{{ ['A', 'a'] | max }}{{ 'hello' | max }}
sequences: {{ [1, 'a'] | min }}
sequences: {{ [{'t': 'b', 'n': 1}, {'t': 'a', 'n': 2}, {'t': 'b', 'n': 3}] | groupby('t') }}{{ [{'t': 'b', 'n': 1}, {'t': 'B', 'n': 2}] | groupby('t') }}{{ [{'t': 'b'}, {'t': 'B'}] | groupby('t', case_sensitive=true) }}{{ [{'t': 1}, {}] | groupby('t', default=0) }}{{ [[1, 'x'], [2, 'y'], [1, 'z']] | groupby(0) }}{% for g, l in [{'t': 1}, {'t': 2}] | groupby('t') %}{{ g }}{{ l }}{% endfor %}{% for g in [{'t': 'x'}] | groupby('t') %}{{ g.grouper }}{{ g.list }}{{ g[0] }}{{ g.zz is defined }}{% endfor %}{{ [] | groupby('x') }}
sequences: {{ [{'t': 1}, {'t': 'a'}] | groupby('t') }}
sequences: {{ [1, 2, 3] | batch(3) | list }}{{ [1, 2, 3, 4] | batch(3) | list }}{{ [1, 2, 3, 4] | batch(3, 0) | list }}{{ [] | batch(2) | list }}{{ [1, 2, 3] | batch(1) | list }}{{ [1, 2] | batch(2, 'x') | list }}{{ [1, 2, 3] | batch(2, none) | list }}{{ [1] | batch(0) | list }}{{ 'abcde' | batch(2, '-') | list }}{{ [1, 2] | batch(0) | list }}{{ [1, 2] | batch(-1, 5) | list }}
sequences: {{ [1, 2, 3, 4, 5, 6, 7] | slice(3) | list }}{{ [1, 2, 3, 4, 5, 6, 7] | slice(3, 'x') | list }}{{ [1, 2, 3] | slice(3, 'x') | list }}{{ [1, 2] | slice(3) | list }}{{ [1, 2] | slice(3, 0) | list }}{{ [] | slice(2) | list }}{{ [1, 2, 3] | slice(1) | list }}{{ [1, 2, 3, 4] | slice(3, none) | list }}
sequences: {{ [1] | slice(0) | list }}
sequences: {{ [1] | slice('a') | list }}
sequences: {{ [1, 2] | first }}{{ [] | first is defined }}{{ 'abc' | first }}{{ {'a': 1} | first }}{{ ([1, 2] | map('string')) | first }}{{ [1, 2] | last }}{{ [] | last is defined }}{{ {'a': 1, 'b': 2} | last }}{{ range(3) | last }}{{ (1, 2) | last }}{{ 'abc' | last }}{{ range(3) | first }}
sequences: {{ ([1] | map('string')) | last }}
sequences: {{ 5 | first }}
sequences: {{ [1, 2, 3] | reverse | list }}{{ (1, 2) | reverse | list }}{{ 'abc' | reverse }}{{ 'a😀' | reverse }}{{ {'a': 1, 'b': 2} | reverse | list }}{{ range(3) | reverse | list }}{{ ([1, 2] | map('string')) | reverse }}{{ [('<a>' | safe) | reverse] }}
sequences: {{ 5 | reverse }}
sequences: {{ [1, 2] | join }}{{ [1, 2] | join('-') }}{{ [1, none, true] | join(',') }}{{ [{'a': 1}, {'a': 2}] | join('-', 'a') }}{{ 'abc' | join('-') }}{{ [] | join('x') }}{{ ['a'] | join('x') }}{{ [1, 2] | join(0) }}{{ {'a': 1, 'b': 2} | join('-') }}{{ (1, 2) | join }}{{ [[1, 2], [3]] | join(';') }}{{ ['<', '<' | safe] | join('&') }}{{ [{'a': [1, 2]}] | join(',', attribute='a.1') }}
sequences: {{ ['a', 'b'] | map('upper') | join }}{{ [1, 2] | map('string') | list }}{{ ['a-b'] | map('replace', '-', '+') | list }}{{ [{'a': 1}] | map(attribute='a') | list }}{{ [{}] | map(attribute='a') | list }}{{ [{}] | map(attribute='a', default=5) | list }}{{ [{'a': none}] | map(attribute='a', default=5) | list }}{{ [{'a': {'b': 1}}, {}] | map(attribute='a.b', default='z') | list }}{{ [[5, 6]] | map(attribute=1) | list }}{{ [] | map('upper') | list }}{{ missing | map('upper') | list }}{{ 'ab' | map('upper') | list }}{{ [3, 4] | map('string') | map('length') | sum }}{{ [[1, 2], [3]] | map('join', '-') | list }}{{ [2.567, 1.234] | map('round', precision=1) | list }}
sequences: {{ [1] | map | list }}
sequences: {{ [1] | map(5) | list }}
sequences: {{ [1] | map('upper', attribute='a') | list }}
sequences: {{ [1] | map(default=1) | list }}
sequences: {{ [1] | map(attribute='a', x=1) | list }}
sequences: {{ [0, 1, '', 'a', none] | select | list }}{{ [0, 1, '', 'a'] | reject | list }}{{ [1, 2, 3, 4] | select('even') | list }}{{ [1, 2, 3, 4] | reject('even') | list }}{{ [1, 2, 3] | select('greaterthan', 1) | list }}{{ [] | select | list }}{{ missing | reject('odd') | list }}{{ [{'a': 1}, {'a': 0}, {}] | selectattr('a') | list }}{{ [{'a': 1}, {'a': 0}, {}] | rejectattr('a') | list }}{{ [{'a': 1}, {'a': 2}] | selectattr('a', 'eq', 2) | list }}{{ [{'a': 1}, {'a': 2}] | rejectattr('a', 'eq', 2) | list }}{{ [{'a': {'b': 1}}, {'a': {'b': 0}}] | selectattr('a.b') | list }}{{ [[0, 1], [1, 0]] | selectattr(1) | list }}{{ [{'a': 1}] | selectattr('a', 'undefined') | list }}{{ [1, 2, 3] | select('divisibleby', num=3) | list }}
sequences: {{ [1] | select(5) | list }}
sequences: {{ [1] | selectattr | list }}
sequences: {{ [1, 2] | list }}{{ 'ab' | list }}{{ {'a': 1} | list }}{{ range(2) | list }}{{ {'a': 1}.values() | list }}{{ ('<a' | safe) | list }}{{ (1, 2) | length }}{{ 'a😀' | length }}{{ ('a😀' | safe) | length }}{{ {'a': 1}.items() | length }}{{ range(0, 10, 3) | count }}{{ missing | count }}
sequences: {{ ([1] | map('string')) | length }}
sequences: {{ range | length }}
sequences: {{ 1.5 | list }}
sequences: {{ namespace() | list }}
strings: {{ 'hello big-world (foo) [bar] {baz} <qux>' | title }}|{{ "o'neil ab_cd 1st ÉCOLE ß" | title }}|{{ ' a  b ' | title }}|{{ '' | title }}|{{ 'a\tb\nc\x0bd' | title }}|{{ 'ﬁx DŽ' | title }}|{{ 'x-' | title }}|{{ '-x' | title }}|{{ 'aΣ' | title }}
strings: {{ 'heLLo wORLD' | capitalize }}|{{ '' | capitalize }}|{{ 'ßx' | capitalize }}|{{ 'a' | upper }}|{{ 'ß' | upper }}|{{ 'İ' | lower | length }}|{{ 5.5 | upper }}|{{ none | lower }}|{{ [('<a>' | safe) | upper, ('<A>' | safe) | lower, ('a b' | safe) | title, ('ab' | safe) | capitalize, ('ab' | safe) | string, ('a' | safe) | trim, ('a' | safe) | center(3), ('a\nb' | safe) | indent(1)] }}
strings: {{ '  a ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ 'xyay' | trim('xy') }}|{{ ' a ' | trim(none) }}|{{ 5 | trim }}|{{ '' | trim }}|{{ 'a' | trim('a') }}|{{ none | trim }}|{{ ' a ' | trim('') }}|
strings: {{ 'ab' | replace('a', 'x') }}{{ 'aaa' | replace('a', 'b', 2) }}{{ 'aaa' | replace('a', 'b', none) }}{{ 5 | replace(5, 6) }}{{ 'aaa' | replace('a', 'b', 0) }}{{ 'a' | replace('', '-') }}{{ none | replace('None', 'x') }}
strings: {{ 'ab' | center }}|{{ 'ab' | center(6) }}|{{ 'ab' | center(1) }}|{{ 5 | center(4) }}|{{ 'ab' | center(width=5) }}|
strings: {{ 'a\nb' | indent }}|{{ 'a\nb' | indent(2) }}|{{ 'a\n\nb' | indent(2) }}|{{ 'a\n\nb' | indent(2, false, true) }}|{{ 'a\nb' | indent(2, true) }}|{{ '\na' | indent(1, true, true) }}|{{ 'a\nb\n' | indent(2) }}|{{ 'a\nb\n' | indent(2, blank=true) }}|{{ 'a\nb' | indent('--') }}|{{ 'a\nb' | indent('--', true) }}|{{ 'a' | indent(0) }}|{{ 'a\nb' | indent(-2) }}|{{ '' | indent(2, true) }}|{{ 'a\r\nb' | indent(1) }}|{{ 'a\x0bb' | indent(1) }}|{{ '\n' | indent(1, true, true) }}|{{ '\n\n' | indent(1, false, true) }}|
strings: {{ 5 | indent }}
strings: {{ missing | indent }}
strings: {{ 'hello world' | truncate(11) }}|{{ 'hello world foo' | truncate(10, leeway=4) }}|{{ 'hello world foo' | truncate(10, leeway=5) }}|{{ 'hello world foo' | truncate(10, true, leeway=0) }}|{{ 'helloworldfoobar' | truncate(10, leeway=0) }}|{{ 'hello world foo' | truncate(8, leeway=0) }}|{{ 'hello world foo' | truncate(9, leeway=0) }}|{{ 'hello world foo' | truncate(8, end='', leeway=0) }}|{{ 'hello' | truncate(3, leeway=0) }}|{{ 'a😀 b😀c' | truncate(4, true, '.', 0) }}|{{ ('x' * 261) | truncate | length }}|{{ ('x' * 260) | truncate | length }}|{{ ' hello' | truncate(4, leeway=0) }}|{{ 'hello world foo' | truncate(9, false, '!!', 0) }}|{{ 'abcdef' | truncate(5, leeway=none) }}
strings: {{ 'hello' | truncate(2, leeway=0) }}
strings: {{ 'hello' | truncate(3, leeway=-1) }}
strings: {{ 5 | truncate(3) }}
strings: {{ 'a b  c' | wordcount }}{{ '' | wordcount }}{{ "it's" | wordcount }}{{ 'a_b c-d' | wordcount }}{{ 'é漢 ½ ٣' | wordcount }}{{ 5.5 | wordcount }}{{ '!!' | wordcount }}
strings: {{ '<a&\'">' | e }}{{ '<' | e | e }}{{ '<' | e | forceescape }}{{ '&lt;' | e }}{{ 5 | e }}{{ ['<'] | e }}{{ ('<' | safe) | e }}{{ '<' | forceescape }}{{ ['<' | safe] | forceescape }}{{ [5 | e, 'a' | safe, 5 | safe, none | e] }}
strings: {{ 'a b/c?d=é&~-._' | urlencode }}|{{ {'a b': 'c/d', 'e': 5} | urlencode }}|{{ [('a', 1), ('b c', '+')] | urlencode }}|{{ 5 | urlencode }}|{{ '' | urlencode }}|{{ {} | urlencode }}|{{ 'AZaz09@[`{:' | urlencode }}|{{ ['ab'] | urlencode }}|{{ '\x00\x1f\x7f😀' | urlencode }}|{{ {'a': '_.-~/0 9'} | urlencode }}
strings: {{ [1] | urlencode }}
strings: {{ ['abc'] | urlencode }}
strings: {{ 'a' | string }}{{ 5 | string }}{{ none | string }}{{ [1, 'a'] | string }}{{ ('a' | safe) | string is escaped }}{{ 5 | string is string }}
strings: {{ '%s-%s' | format(1, 2) }}{{ '%(a)s' | format(a=1) }}{{ '%d%%' | format(5) }}{{ 'x' | format }}{{ 5 | format }}
tojson: {{ {'b': [1, {'c': none}], 'a': 'x'} | tojson(indent=2) }}|{{ [[], {}, [1]] | tojson(indent=1) }}|{{ {'a': {}} | tojson(indent=2) }}|{{ [1, 2] | tojson(indent=none) }}|{{ [1, [2]] | tojson(indent='\t') }}|{{ [1, 2] | tojson(indent=-3) }}|{{ [1, 2] | tojson(indent=2, separators=(' ,', ' : ')) }}|{{ {'a': 1, 'b': 2} | tojson(separators=['; ', '=']) }}|{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}|{{ {'b': 1, 'a': 2} | tojson(sort_keys=false) }}|{{ {'b': {'z': 1, 'y': 2}, 'a': 3} | tojson(sort_keys=true, indent=1) }}
tojson: {{ 'é\x7f\x80\x1f\x08\x0c\r\n\t"\\/\u2028' | tojson }}|{{ 'é~\x7f\x80\x1f\u2028😀' | tojson(ensure_ascii=true) }}|{{ 'é' | tojson(ensure_ascii=false) }}|{{ 'é' | tojson(true) }}|{{ ('<é>' | safe) | tojson }}|{{ {'é"': 1} | tojson }}|{{ {'é"': 1} | tojson(true) }}|{{ {true: 1, false: 2, none: 3, 5: 4, 1.5: 5} | tojson }}|{{ (1, (2,)) | tojson }}|{{ () | tojson }}|{{ 1e300 | tojson }}|{{ (-('inf' | float)) | tojson }}|{{ (10 ** 30) | tojson }}
tojson: {{ [1] | tojson(separators=(',',)) }}
tojson: {{ [1] | tojson(separators=(1, 2)) }}
tojson: {{ [1] | tojson(indent=1.5) }}
tojson: {{ {'a': 1, 2: 3} | tojson(sort_keys=true) }}
tojson: {{ {'a': range} | tojson }}
tojson: {{ {}.keys() | tojson }}
tojson: {{ namespace() | tojson }}
tojson: {{ 1 | tojson(5, 1, none, true) }}
printing: {{ ['a\'b', "a\"b", 'a\'"b', '\\', '\n\r\t', '\x00\x1f\x7f\x80\xa0\xad\xff', '\u0378\u200b\u2028\u2029\ue000\ud7ff', '\U000e0001\U0001f600\U0010ffff', '\u3000', ' '] }}
printing: {{ range(3) }}{{ range(1, 3) }}{{ range(1, 3, 2) }}{{ range(3, 1, -1) }}{{ {'a': 1}.keys() }}{{ {'a': 1}.values() }}{{ {'a': 1}.items() }}{{ {}.items() }}{{ [true, false, none, 1.0, -0.0, 10 ** 20] }}{{ [('<' | safe)] }}{{ {1: 'a', (1, 2): none, 'b': [missing]} }}{{ ((1,), ()) }}
white space: {% raw -%}  a {{ b }} {%- endraw %}|{%- raw %}  c {% endraw -%}  d
white space:   {% raw %}x{% endraw %}
  {%- raw %} y {% endraw +%}
z {%+ raw %}q{% endraw %}
white space: a
   {% if true %}b
   {% endif %}c
  {#- x -#}  d
   {# y #}
e {# z #}
f
white space: a {%- if true %} b {% endif -%} c {%+ if true %}d{% endif +%}
e
   {%+ if true %}f{% endif %}
white space: {{- 1 -}}  {{ 2 }}
 {{ 3 }}
  {{- 4 }} x
white space: a{#b#}c{#-d-#} e {#--#}f{##}g {# - #} h {#+ i +#}
j
white space: {% if true %}
  a
{% endif %}
  {% set x = 1 %}  b
{# c #}
   d {{ x }}{{
x }}
white space: {{ '{%' }}{{ "}}" }}{{ '%}' }}{ { } }{ % x % }{{ {'a': {'b': 1}}['a']['b'] }}{{ [1][0] }}{{ {} }}{{{}}}{
white space: {{ {'a': 1}}}
white space: a
{% if true -%}

  b
{%- endif %}

c
white space: {%if true%}x{%endif%}{{1}}{{-1}}{{- 1}}{{1-}}{{ 1 -1 }}{%- set y=2-%} {{y}}
white space: {% raw %}{% endraw
white space: {{ 1 %}
white space: {% if true }}x{% endif %}
white space: a
b
c{{ 1 }}
escapes: {{ '\x41\u0042\U00000043\103\60\0' | length }}{{ '\x41\u0042\U00000043\103\60' }}{{ '\1234' }}{{ '\08' | length }}{{ '\18' | length }}{{ '\a\b\f\v\r' | length }}{{ '\z\ ' }}{{ '\N{LATIN SMALL LETTER A}' }}{{ 'a\
b' }}{{ '\\n' }}{{ '\377' }}{{ '\8' }}
escapes: {{ '\xg1' }}
escapes: {{ '\u004' }}
escapes: {{ '\U00110000' }}
escapes: {{ '\N' }}
escapes: {{ '\N{' }}
escapes: {{ '\x' }}
loop: {% for x in [1] %}{% endfor %}{% break %}
loop: {% for a in [1, 2] %}{% for b in [1] %}{% endfor %}{{ a }}{% break %}{% endfor %}
loop: {% for a, loop in [(1, 2)] %}{% endfor %}
loop: {% for (loop, a) in [(1, 2)] %}{% endfor %}
loop: {% for x in [1] recursive %}{{ loop(1, 2) }}{% endfor %}
loop: {% for x in [1, 1, 2] %}{{ loop.changed() }}{{ loop.changed(x, x) }}{% endfor %}{% for x in [1, 2] | map('string') %}{{ loop.revindex }}{{ loop.length }}{% endfor %}
loop: {% for x in [3, 4, 5] | map('string') if x != '4' %}{{ loop.length }}{{ loop.index }}{{ loop.nextitem }}{{ loop.revindex }}{% endfor %}
sequences: {{ 0 | map('upper') | list }}{{ none | select | list }}{{ '' | reject | list }}{{ false | selectattr('x') | list }}{{ none | map(attribute='a') | list }}
sequences: {{ [[5, 6, 7, 8, 9, 1, 2, 3, 4, 0]] | map(attribute='9') | list }}{{ [[5, 6]] | map(attribute='0') | list }}{{ [{'1a': 2, '': 3}] | map(attribute='1a') | list }}
sequences: {{ [1, 2, 3, 4] | batch(4, 0) | list }}{{ [1, 2, 3] | batch(4, 0) | list }}{{ [{'t': 'B'}, {'t': 'b'}, {'t': 'a'}] | groupby('t', case_sensitive=true) | map('first') | list }}{{ [{'t': 'B'}, {'t': 'b'}] | groupby('t') | map('first') | list }}
sequences: {{ ['b', 'A', 'a', 'B'] | sort }}{{ ['b', 'A', 'a', 'B'] | sort(reverse=true) }}{{ [{'k': 1, 'v': 'x'}, {'k': 0, 'v': 'y'}, {'k': 1, 'v': 'z'}] | sort(attribute='k', reverse=true) | map(attribute='v') | join }}
methods: {{ 'a,b,c'.split(',', -1) }}{{ 'a b c'.split(none, -5) }}{{ 'a,b,c'.rsplit(',', -1) }}{{ '-a'.partition('-') }}{{ '-a'.rpartition('-') }}{{ 'a-'.partition('-') }}
methods: {{ '{}'.format(missing) }}|{{ '{a}{b}'.format(a=1, b=missing) }}|{{ '{9}'.format(0,1,2,3,4,5,6,7,8,9) }}{{ '{0}'.format('z') }}|{{ '}}{{'.format() }}|{{ 'a{}'.format('b') }}
methods: {{ '{1}'.format('a') }}
methods: {{ '{ 0 }'.format('a') }}
methods: {{ 'ΣA'.title() }}{{ 'AΣ'.title() }}{{ 'aΣ b'.title() }}{{ 'aΣb'.title() }}{{ 'ŉx'.title() }}{{ 'ŉx'.capitalize() }}{{ 'ǰ'.title() }}{{ 'ᾈ ᾲ ᾷ ΐ ᾀ և'.title() }}{{ 'ᾼx'.capitalize() }}{{ 'ǅ'.title() }}{{ 'x ﬀ'.title() }}{{ '😀Σ'.title() }}
methods: {{ 'ABC'.swapcase() }}{{ 'ab'.casefold() }}{{ 'ẞ'.swapcase() }}{{ 'x'.zfill(0) }}{{ '-5'.zfill(2) }}{{ '-5'.zfill(3) }}{{ 'a\tb'.expandtabs(1) }}{{ '²'.isdecimal() }}{{ 'Ⅷ'.isalnum() }}{{ '²'.isalnum() }}{{ 'a²'.isalpha() }}
methods: {{ 'abc'.find('c', 2) }}{{ 'abc'.find('', 0, 0) }}{{ 'abc'.count('c', 2, 3) }}{{ 'abc'.find('a', 0, 0) }}{{ 'abc'.startswith('', 2, 1) }}{{ 'abc'.find('b', -2, -1) }}{{ 'abc'.rfind('', 1, 2) }}
methods: {{ '%s' % true }}{{ '%d' % -0.5 }}{{ '%d' % -1.5 }}{{ '%05d' % 12345 }}{{ '%5s' % 'abcde' }}{{ '%.5s' % 'abcde' }}{{ ('%c' % 0x10ffff) | length }}{{ '%c' % 97 }}{{ ('%c' % true) | length }}{{ '%a' % 'x\x7f' }}
methods: {{ '%e' % 1e-9 }}{{ '%e' % 1e-10 }}{{ '%g' % 1e-10 }}{{ '%g' % 0.00012345678 }}{{ '%.3g' % 999.6 }}{{ '%.3e' % 9999.6 }}{{ '%g' % 1e15 }}{{ '%.20g' % 0.1 }}{{ '%g' % -0.0 }}{{ '%e' % -0.0 }}{{ '%.0f' % 0.5 }}{{ '%.0f' % 1.5 }}{{ '%.1g' % 0 }}{{ '%g' % 100 }}{{ '%.4g' % 100.0 }}
methods: {{ 'a'.upper == 'a'.upper }}{{ 'a'.upper == 'a'.lower }}{{ 'a'.upper == 1 }}{{ [].x == {}.y }}{{ none == missing }}{{ range == range }}{{ range == dict }}
printing: {{ ["'a", '"a', "'\"a", 'a\'', "a"] }}{{ [missing, none] }}{{ {'a': 1}.keys() | string }}{{ ((),) }}{{ [[]] }}{{ [{}] }}{{ 1e16 }}{{ 1e10 }}{{ 1.5e-10 }}{{ 1e-9 }}{{ 123456789012345680.0 }}{{ [-1.5, -0.0] }}
numbers: {{ -7.5 // 2.5 }} {{ 7.5 // 2.5 }} {{ -7.5 % 2.5 }} {{ 5.5 // -2.5 }} {{ 0.0 // 3.0 }} {{ -0.0 // 3.0 }} {{ 0.0 % -3.0 }} {{ 1e308 // 1e-10 if false else 1 }} {{ 4.0 // 0.1 }} {{ -4.0 // 0.1 }} {{ 0.7 // 0.1 }} {{ 1e16 // 0.3 }} {{ 5 % -5.0 }} {{ 3.5 % -1 }}
numbers: {{ '0' | int(5, 2) }}{{ '7' | int(5, 8) }}{{ '8' | int(5, 8) }}{{ 'z' | int(5, 36) }}{{ 'Z' | int(5, 35) }}{{ '0b1' | int(5, 16) }}{{ '-' | int(5, 16) }}{{ '+0x1' | int(5, 16) }}{{ '\x80' | int(5) }}{{ 'é' | int(5, 36) }}{{ '1\u0660' | int }}{{ 'ａ' | int(5, 16) }}
numbers: {{ 4611686018427387903 }} {{ [1, 2][4611686018427387904] is defined }} {{ [1, 2][-9223372036854775809] is defined }} {{ 'abc'[9223372036854775808:] }} {{ 'abc'[:-9223372036854775809] }} {{ 'abc'[-(10 ** 30):10 ** 30] }} {{ [1, 2, 3][::10 ** 30] }} {{ [1, 2, 3][::-(10 ** 30)] }} {{ 'a' * -(10 ** 18) }}|
numbers: {{ 'a' * -(10 ** 30) }}
numbers: {{ 1.5 | round(400) }}{{ 12345 | round(-400) }}{{ 1 is sameas true }}{{ true is sameas 1 }}{{ 0 is sameas false }}{{ none is sameas none }}{{ 'a' is sameas true }}{{ 300 is sameas 301 }}{{ -6 is sameas 'x' }}{{ 1.0 is sameas 1 }}
white space: a {#-#} b {#+#} c{#---#}d {#-x-#} e
white space: x {{
white space: x {%
white space: {% raw %}
  {% endraw %}x
  {%- raw %}
   {{ a }}  {% endraw %}
y
white space: {% raw %} x  {%+ endraw %} {% raw %}
   {%- endraw -%}   z
white space: {# a #}
{# b #}
  c
   {% set x = 1 %}
{{ x }}   {% if x %}
 d {% endif %}
white space: {{ '{#' }}{{ '#}' }}{{ "{% raw %}" }}{{ [')', ']', '}'] }}{{ {'}': 1}['}'] }}
escapes: {{ '\7' | length }}{{ '\77' }}{{ '\101' }}{{ '\1' | length }}{{ '\x7e' }}{{ '\u0041' }}{{ '\n' | length }}{{ '\'' }}{{ '\\' | length }}{{ '\18' | length }}
in: {{ 'a' in {'a': 1}.values() }}{{ ('a', 1) in {'a': 1}.items() }}{{ 1.0 in {1: 2}.keys() }}{{ '' in '' }}{{ 'ab' in 'ab' }}{{ none in {none: 1} }}{{ missing in {} }}
tests: {{ 1 is in {1: 2} and true }}{{ 'x' if 1 is even else 'y' }}{{ 3 is divisibleby 3 and 1 }}{{ [1, 2] is iterable or false }}{{ {} is mapping }}{{ 'a' is eq 'a' }}{{ [1] is eq [1] }}{{ 2 is in [1, 2] }}
items: {{ {'a': 1, 'a': 2}.a }}{% set d = {'x': 1} %}{{ d.x }}{{ d.y is defined }}{{ d['x'] }}{{ {'zz': 5}.zz }}
strings: {{ '%s' | format(1) }}{{ '%(a)s-%(b)s' | format(a=1, b=2) }}{{ 'a b' | title }}{{ 'x' | indent(first=true, width=1) }}{{ none | string }}{{ 'ab' | truncate(5, true, '...', 0) }}
"""


def features():
    name, body = None, []
    for line in FEATURES.strip("\n").split("\n"):
        head, _, rest = line.partition(": ")
        if head in KINDS and rest:
            if name:
                yield name, "\n".join(body)
            name, body = head, [rest]
        else:
            body.append(line)
    yield name, "\n".join(body)


KINDS = ["named arguments", "loop", "namespace", "items", "white space", "escapes", "numbers", "undefined", "slices", "methods", "macros", "blocks", "tests", "in",
         "concat", "printing", "sequences", "strings", "tojson", "expressions", "comments"]


class Maker:
    """Random templates, typed so that most of them render."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.scope = [{"str": ["messages[0].content", "messages[-1]['role']", "bos_token", "eos_token"], "int": ["messages|length"], "list": ["messages"], "dict": ["messages[0]"]}]
        self.macros = []
        self.inloop = 0
        self.count = 0

    def pick(self, *options):
        return self.r.choice(options)

    def known(self, kind):
        return [n for s in self.scope for n in s.get(kind, [])]

    def chance(self, p):
        return self.r.random() < p

    WORDS = ["a", "Abc", "<|im_start|>", "user", "", " x ", "hello world", "é漢😀", "\\n", "a\\nb\\n", "it\\'s", "1", "-3", "2.5", "</think>", "ABC def", "x,y,,z", "\\t tab", "\\u00a0n", "ß", "%s", "<b>&", "\\x1c", "Ünï"]

    def string(self):
        return "'" + self.r.choice(self.WORDS) + "'"

    def str(self, d=3):
        if d <= 0 or self.chance(.2):
            names = self.known("str")
            return self.r.choice(names) if names and self.chance(.5) else self.string()
        d -= 1
        return self.pick(
            lambda: f"{self.str(d)} ~ {self.any(d)}", lambda: f"({self.str(d)} + {self.str(d)})", lambda: f"({self.str(d)}){self.slice(d)}",
            lambda: f"({self.str(d)})|{self.pick('trim', 'upper', 'lower', 'title', 'capitalize', 'string', 'reverse', 'e', 'safe', 'indent', 'indent(2, true)', 'center(9)', 'forceescape', 'urlencode', 'striptags' if self.chance(.05) else 'trim')}",
            lambda: f"({self.str(d)})|replace({self.string()}, {self.str(0)})", lambda: f"({self.str(d)})|trim({self.string()})",
            lambda: f"({self.str(d)}).{self.pick('strip', 'lstrip', 'rstrip', 'upper', 'lower', 'title', 'capitalize', 'swapcase', 'casefold')}()",
            lambda: f"({self.str(d)}).{self.pick('strip', 'lstrip', 'rstrip', 'removeprefix', 'removesuffix')}({self.string()})",
            lambda: f"({self.str(d)}).replace({self.string()}, {self.str(0)}{self.pick('', ', 1', ', -1')})",
            lambda: f"({self.str(d)}).split({self.pick('', self.nonempty(), self.nonempty() + ', 1')})[{self.pick('0', '-1')}]",
            lambda: f"({self.str(d)} if {self.bool(d)} else {self.str(d)})", lambda: f"({self.list(d)})|join({self.pick('', self.string(), 'd=' + self.string())})",
            lambda: f"{self.string()}.join(({self.list(d)})|map('string'))", lambda: f"({self.any(d)})|string", lambda: f"({self.jsonable(d)})|tojson{self.pick('', '', '(indent=2)', '(ensure_ascii=true)', '(sort_keys=true)')}",
            lambda: f"({self.str(d)} * {self.int(0)})[:30]", lambda: f"({self.str(d)})|default({self.string()}, {self.pick('true', 'false', 'boolean=true')})",
            lambda: f"missing{self.r.randint(0, 3)}|default({self.str(d)})", lambda: f"({self.str(d)})|{self.pick('first', 'last')}|default('none')",
            lambda: f"'%s-%s'|format({self.any(d)}, {self.any(d)})", lambda: f"({self.str(d)})|truncate({self.r.randint(3, 12)}{self.pick('', ', true')})",
            lambda: f"({self.str(d)}).{self.pick('center', 'ljust', 'rjust', 'zfill')}({self.r.randint(0, 9)})", lambda: f"({self.str(d)} or {self.str(d)})", lambda: f"({self.str(d)} and {self.str(d)})",
            lambda: f"({self.list(d)})|map({self.pick('string', 'upper', 'length', 'trim').__repr__()})|list" if self.chance(.3) else self.str(d),
            lambda: self.call(d) or self.str(d))()

    def nonempty(self):
        return self.pick("','", "' '", "'a'", "'\\n'", "'</think>'", "'l'")

    def slice(self, d):
        b = lambda: self.pick("", str(self.r.randint(-4, 6)))
        return self.pick(f"[{b()}:{b()}]", f"[{b()}:{b()}]", f"[{b()}:{b()}:{self.pick('', '-1', '2', '-2')}]")

    def int(self, d=3):
        if d <= 0 or self.chance(.25):
            names = self.known("int")
            return self.r.choice(names) if names and self.chance(.4) else self.pick("0", "1", "2", "3", "7", "-1", "10", "true")
        d -= 1
        return self.pick(
            lambda: f"({self.int(d)} {self.pick('+', '-', '*')} {self.int(d)})", lambda: f"({self.int(d)} {self.pick('//', '%')} {self.pick('2', '3', '-3', '7')})", lambda: f"({self.any_seq(d)})|{self.pick('length', 'count')}",
            lambda: f"({self.str(d)})|int{self.pick('', '(5)', '(base=16)', '(default=2)')}", lambda: f"-{self.int(0)}", lambda: f"({self.int(d)})|abs", lambda: f"({self.int(0)} ** {self.pick('2', '3', '0')})",
            lambda: f"({self.str(d)}).{self.pick('count', 'find', 'rfind')}({self.string()})", lambda: f"({self.ints(d)})|{self.pick('sum', 'min', 'max', 'first', 'last')}|default(0)", lambda: f"({self.float(d)})|int", lambda: f"({self.str(d)})|wordcount",
            lambda: f"({self.int(d)} if {self.bool(d)} else {self.int(d)})", lambda: self.pick("loop.index", "loop.index0", "loop.revindex", "loop.revindex0", "loop.length", "loop.depth", "loop.depth0") if self.inloop else self.int(d))()

    def float(self, d=2):
        if d <= 0 or self.chance(.3):
            return self.pick("0.5", "2.0", "1.25", "-0.1", "1e20", "3.14159", "1e-7", "100.0")
        d -= 1
        return self.pick(lambda: f"({self.int(d)} / {self.pick('2', '4', '3', '7')})", lambda: f"({self.float(d)} {self.pick('+', '-', '*')} {self.any_number(d)})", lambda: f"({self.str(d)})|float", lambda: f"({self.float(d)})|round({self.pick('', '1', '2', '0', '1, ' + chr(39) + 'floor' + chr(39), '1, ' + chr(39) + 'ceil' + chr(39))})",
                         lambda: f"({self.float(d)} {self.pick('//', '%')} {self.pick('2', '0.3', '-1.5')})", lambda: f"({self.int(0)} ** -1)" if self.chance(.2) else self.float(d), lambda: f"({self.float(d)})|abs")()

    def any_number(self, d):
        return self.pick(self.int, self.float)(d)

    def bool(self, d=3):
        if d <= 0:
            return self.pick("true", "false", "add_generation_prompt", "none", "missing", "1", "''")
        d -= 1
        return self.pick(
            lambda: f"({self.any_number(d)} {self.pick('==', '!=', '<', '>', '<=', '>=')} {self.any_number(d)})", lambda: f"({self.str(d)} {self.pick('==', '!=', '<', '>', 'in', 'not in')} {self.str(d)})", lambda: f"({self.any(d)} {self.pick('==', '!=')} {self.any(d)})",
            lambda: f"not {self.bool(d)}", lambda: f"({self.bool(d)} {self.pick('and', 'or')} {self.bool(d)})",
            lambda: f"({self.any(d)}) is {self.pick('', 'not ')}{self.pick('defined', 'undefined', 'none', 'string', 'mapping', 'iterable', 'sequence', 'number', 'integer', 'float', 'boolean', 'true', 'false', 'callable')}",
            lambda: f"({self.int(d)}) is {self.pick('', 'not ')}{self.pick('odd', 'even', 'divisibleby 3', 'divisibleby(2)', 'eq 1', 'in [1, 2]', 'gt 2', 'sameas 1' if self.chance(.2) else 'ne 3')}",
            lambda: f"({self.str(d)}).{self.pick('startswith', 'endswith')}({self.string()})", lambda: f"({self.str(d)}).{self.pick('isdigit', 'isalpha', 'isalnum', 'isspace', 'islower', 'isupper', 'isnumeric', 'isdecimal', 'istitle')}()",
            lambda: f"({self.any(d)} {self.pick('in', 'not in')} {self.list(d)})", lambda: f"({self.string()} in {self.dict(d)})", lambda: f"missing{self.r.randint(0, 3)} is {self.pick('defined', 'undefined')}", lambda: f"({self.str(d)}) is {self.pick('lower', 'upper', 'string')}",
            lambda: self.pick("loop.first", "loop.last", "loop.changed(messages[0].role)", "loop.previtem is defined", "loop.nextitem is defined") if self.inloop else self.bool(d))()

    def ints(self, d):
        return self.pick(lambda: "[" + ", ".join(self.int(d - 1) for _ in range(self.r.randint(0, 4))) + "]", lambda: f"range({self.pick('3', '0', '1, 4', '5, 0, -2')})", lambda: "[3, 1, 2]")()

    def list(self, d=3):
        if d <= 0:
            names = self.known("list")
            return self.r.choice(names) if names and self.chance(.4) else self.pick("[]", "[1, 2, 3]", "['b', 'A', 'c']", "[1, 'a', none]", "(1, 2)", "['x', 'x', 'y']", "[1.5, 2]", "(3,)")
        d -= 1
        return self.pick(
            lambda: "[" + ", ".join(self.any(d) for _ in range(self.r.randint(0, 3))) + "]", lambda: "(" + "".join(self.any(d) + ", " for _ in range(self.r.randint(1, 3))) + ")", lambda: f"({self.str(d)}).split({self.pick('', self.nonempty(), 'none, 1', self.nonempty() + ', 1')})",
            lambda: f"({self.ints(d)})|{self.pick('sort', 'sort(reverse=true)', 'unique', 'reverse', 'list', 'select(' + chr(39) + 'odd' + chr(39) + ')', 'reject(' + chr(39) + 'gt' + chr(39) + ', 1)', 'batch(2)', 'slice(2)')}|list",
            lambda: f"({self.strs(d)})|{self.pick('sort', 'unique', 'unique(case_sensitive=true)', 'sort(case_sensitive=true)', 'map(' + chr(39) + 'upper' + chr(39) + ')', 'select', 'reject', 'map(' + chr(39) + 'length' + chr(39) + ')', 'reverse')}|list",
            lambda: f"({self.list(d)}|list){self.slice(d)}", lambda: f"({self.list(d)}|list + {self.list(d)}|list)", lambda: f"messages|{self.pick('map(attribute=' + chr(39) + 'role' + chr(39) + ')', 'selectattr(' + chr(39) + 'role' + chr(39) + ', ' + chr(39) + 'equalto' + chr(39) + ', ' + chr(39) + 'user' + chr(39) + ')', 'rejectattr(' + chr(39) + 'content' + chr(39) + ')', 'map(attribute=' + chr(39) + 'nothing' + chr(39) + ')')}|list",
            lambda: f"{self.dict(d)}.{self.pick('keys', 'values', 'items')}()|list", lambda: f"{self.dict(d)}|{self.pick('dictsort', 'items', 'list')}|list", lambda: f"(({self.list(d)})|list * 2)", lambda: f"({self.str(d)})|list", lambda: f"({self.str(d)}).splitlines()",
            lambda: f"({self.str(d)}).partition({self.nonempty()})", lambda: f"messages|groupby('role')|map('first')|list", lambda: f"({self.str(d)})|sort")()

    def strs(self, d):
        return "[" + ", ".join(self.str(d - 1) for _ in range(self.r.randint(0, 4))) + "]"

    def dict(self, d=3):
        if d <= 0:
            return self.pick("{}", "{'a': 1}", "{'b': 2, 'a': 'x'}", "messages[0]", "{1: 'c', 'k': none}")
        return self.pick(lambda: "{" + ", ".join(f"{self.pick(self.string(), self.string(), '1', '2.0', 'none')}: {self.any(d - 1)}" for _ in range(self.r.randint(0, 3))) + "}", lambda: f"dict({self.dict(d - 1)}, z={self.any(d - 1)})", lambda: "dict(a=1, b='x')")()

    def jsonable(self, d):
        return self.pick(self.str, self.int, self.float, self.dict, lambda d: "[" + ", ".join(self.jsonable(d - 1) if d > 0 else self.int(0) for _ in range(self.r.randint(0, 3))) + "]", lambda d: "none", lambda d: "messages")(d)

    def any_seq(self, d):
        return self.pick(self.str, self.list, self.dict)(d)

    def any(self, d=3):
        return self.pick(self.str, self.str, self.int, self.float, self.bool, self.list, self.dict, lambda d: self.pick("none", "missing", "true", "messages[0].nothing", f"{self.dict(d)}.get({self.string()})", f"{self.dict(d)}.get('a', {self.int(0)})", f"({self.list(d)})|first", f"({self.list(d)})|last",
                         f"({self.list(d)})[{self.pick('0', '-1', '1')}]" if self.chance(.5) else f"({self.dict(d)}).a"))(d)

    def call(self, d):
        if not self.macros:
            return None
        name, n = self.r.choice(self.macros)
        args = [self.any(d - 1) for _ in range(self.r.randint(0, n))]
        return f"{name}({', '.join(args)})"

    # Statements
    def tag(self, code):
        l, r = self.pick("", "", "", "-", "-", "+"), self.pick("", "", "", "-", "-", "+")
        return "{%" + l + " " + code + " " + r + "%}"

    def output(self, code):
        return "{{" + self.pick("", "", "-") + " " + code + " " + self.pick("", "", "-") + "}}"

    def text(self):
        return self.pick("\n", " ", "  \n  ", "text ", "<|user|>", "\n\n", "\t", "é ", "a\u00a0", "x\n    ", "", "{ ", "%}", "\r\n", "# ")

    def name(self, prefix="v"):
        self.count += 1
        return prefix + str(self.count)

    def block(self, d):
        self.scope.append({})
        out = self.body(d)
        self.scope.pop()
        return out

    def body(self, d):
        return "".join(self.text() + self.statement(d) for _ in range(self.r.randint(1, 3))) + self.text()

    def define(self, kind, name):
        self.scope[-1].setdefault(kind, []).append(name)

    def statement(self, d):
        if d <= 0 or self.chance(.35):
            return self.output(self.pick(self.any, self.str)(self.r.randint(0, 3)))
        d -= 1
        return self.pick(self.s_if, self.s_for, self.s_for, self.s_set, self.s_set, self.s_setblock, self.s_namespace, self.s_macro, self.s_call, self.s_filter, self.s_with, self.s_raw, self.s_comment, self.s_items, self.s_messages)(d)

    def s_if(self, d):
        out = self.tag("if " + self.bool(2)) + self.block(d)
        if self.chance(.3):
            out += self.tag("elif " + self.bool(2)) + self.block(d)
        if self.chance(.5):
            out += self.tag("else") + self.block(d)
        return out + self.tag("endif")

    def s_for(self, d):
        kind = self.pick("int", "str", "any")
        over = {"int": self.ints, "str": self.strs, "any": self.list}[kind](2)
        name = self.name("x")
        cond = f" if {name} {self.pick('is defined', '!= 2', 'is string')}" if self.chance(.25) else ""
        out = self.tag(f"for {name} in {over}{cond}")
        self.scope.append({kind: [name]})
        self.inloop += 1
        out += self.body(d)
        if self.chance(.15):
            out += self.tag("if " + self.bool(1)) + self.tag(self.pick("break", "continue")) + self.tag("endif")
        if self.chance(.2):
            out += self.output(self.pick("loop.cycle('a', 'b')", f"loop.changed({name})", "loop.previtem", "loop.nextitem|default('end')", "loop.depth"))
        self.inloop -= 1
        self.scope.pop()
        if self.chance(.2):
            out += self.tag("else") + self.text()
        return out + self.tag("endfor")

    def s_items(self, d):
        k, v = self.name("k"), self.name("w")
        out = self.tag(f"for {k}, {v} in {self.dict(1)}{self.pick('.items()', '|items', '|dictsort' if self.chance(.3) else '.items()')}")
        self.scope.append({"any": [v]})
        self.inloop += 1
        out += self.output(k) + self.text() + self.output(v) + self.body(d - 1)
        self.inloop -= 1
        self.scope.pop()
        return out + self.tag("endfor")

    def s_messages(self, d):
        m = self.name("m")
        over = self.pick("messages", "messages[1:]", "messages[::-1]", "messages|selectattr('role', 'ne', 'system')", "loop_messages|default(messages)")
        out = self.tag(f"for {m} in {over}")
        self.scope.append({"str": [f"{m}.content", f"{m}['role']"], "dict": [m]})
        self.inloop += 1
        out += self.tag(f"if {m}.role == {self.pick(chr(39) + 'user' + chr(39), chr(39) + 'assistant' + chr(39))}{self.pick('', ' and loop.first', ' or not loop.last')}") + self.body(d) + self.tag("else") + self.body(d - 1) + self.tag("endif")
        self.inloop -= 1
        self.scope.pop()
        return out + self.tag("endfor")

    def s_set(self, d):
        kind = self.pick("str", "int", "list", "dict")
        value = getattr(self, kind)(3)
        name = self.name()
        self.define(kind, name)
        return self.tag(f"set {name} = {value}")

    def s_setblock(self, d):
        body = self.block(d)
        name = self.name()
        self.define("str", name)
        return self.tag(f"set {name}{self.pick('', '', ' | upper', ' | trim')}") + body + self.tag("endset")

    def s_namespace(self, d):
        name = self.name("ns")
        out = self.tag(f"set {name} = namespace({self.pick('a=0', '{' + chr(39) + 'a' + chr(39) + ': 1}', 'a=1, b=' + chr(39) + 'x' + chr(39))})")
        out += self.tag(f"for y in {self.ints(1)}") + self.tag(f"set {name}.a = {name}.a + y") + self.tag("endfor")
        self.define("int", name + ".a")
        return out + self.output(name + ".a")

    def s_macro(self, d):
        if self.inloop or len(self.scope) > 1:
            return self.s_set(d)
        name = self.name("mac")
        n = self.r.randint(0, 3)
        args = [f"p{i}" + (f"={self.pick(chr(39) + 'd' + chr(39), '1', 'none')}" if i >= n - 1 and self.chance(.5) and i == n - 1 else "") for i in range(n)]
        self.scope.append({"any": [f"p{i}" for i in range(n)]})
        body = "".join(self.output(f"p{i}") for i in range(n)) + self.body(d)
        self.scope.pop()
        self.macros.append((name, n))
        return self.tag(f"macro {name}({', '.join(args)})") + body + self.tag("endmacro")

    def s_call(self, d):
        if self.inloop or len(self.scope) > 1:
            return self.s_filter(d)
        name = self.name("wrap")
        return self.tag(f"macro {name}(t='x')") + "[" + self.output("caller()") + self.output("t") + "]" + self.tag("endmacro") + self.tag(f"call {name}({self.pick('', self.str(1))})") + self.block(d) + self.tag("endcall")

    def s_filter(self, d):
        return self.tag(f"filter {self.pick('upper', 'trim', 'replace(' + chr(39) + 'a' + chr(39) + ', ' + chr(39) + 'b' + chr(39) + ')', 'indent(1)', 'title')}") + self.block(d) + self.tag("endfilter")

    def s_with(self, d):
        name = self.name("t")
        value = self.str(2)
        self.scope.append({"str": [name]})
        body = self.body(d)
        self.scope.pop()
        return self.tag(f"with {name} = {value}") + body + self.tag("endwith")

    def s_raw(self, d):
        return self.tag("raw") + self.text() + self.pick("{{ x }}", "{% if %}", "plain", "{# c #}") + self.text() + self.tag("endraw")

    def s_comment(self, d):
        return self.pick("{# note #}", "{#- note -#}", "  {# a\nb #}\n", "{#+ x #}")

    def template(self):
        return self.body(3) + self.body(3)


def conversations(r):
    turns = []
    if r.random() < .3:
        turns.append(("system", r.choice(["Be kind.", "", " s \n"])))
    for i in range(r.randint(1, 3)):
        turns.append(("user" if i % 2 == 0 else "assistant", r.choice(["Hello", "How many ships?", " two \n lines ", "é漢😀", "<think>x</think>y", "it's \"so\"", "a,b", ""])))
    return turns


def oracle(template, turns, prompt):
    messages = [{"role": role, "content": content} for role, content in turns]
    try:
        compiled = chat_template_utils._cached_compile_jinja_template.__wrapped__(template) if hasattr(chat_template_utils._cached_compile_jinja_template, "__wrapped__") else chat_template_utils._cached_compile_jinja_template(template)
        text = compiled.render(messages=messages, tools=None, documents=None, add_generation_prompt=prompt, bos_token="<s>", eos_token="</s>")
        text.encode("utf-8")
        return text
    except RecursionError:
        return None
    except Exception:
        return None


def cases(count, seed):
    out = [(kind, template, [("user", "Name a river.")], True) for kind, template in features()]
    for i in range(count):
        maker = Maker(seed * 1_000_003 + i)
        out.append(("random", maker.template(), conversations(maker.r), maker.chance(.5)))
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    parser.add_argument("--write")
    parser.add_argument("--dump")
    parser.add_argument("java", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    rows = []
    for kind, template, turns, prompt in cases(args.count, args.seed):
        expected = oracle(template, turns, prompt)
        if expected is not None and (" at 0x" in expected or "<bound method" in expected):
            expected = None  # an address: no two runs agree
            kind = "address"
        rows.append({"kind": kind, "template": template, "messages": turns, "prompt": prompt, "expected": expected})
    if args.write:
        lines = [json.dumps(r, ensure_ascii=False) for r in rows if r["kind"] != "address" and len(r["template"]) < 700]
        pathlib.Path(args.write).write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")
        return 0
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8", delete=False) as f:
        for r in rows:
            f.write(json.dumps(r) + "\n")
    if args.dump:
        pathlib.Path(args.dump).write_text(pathlib.Path(f.name).read_text())
    command = args.java if args.java[-1].endswith(".java") or "Render" in args.java[-1] else args.java + [str(HERE / "RenderTemplates.java")]
    answers = subprocess.run(command + [f.name], capture_output=True, text=True, encoding="utf-8")
    results = [json.loads(line) for line in answers.stdout.split("\n") if line]
    if len(results) != len(rows):
        print(answers.stderr[-3000:], len(results), "results of", len(rows))
        return 2
    table = collections.defaultdict(collections.Counter)
    reasons = collections.Counter()
    shown = bad = 0
    for r, got in zip(rows, results):
        text, error = got.get("text"), got.get("error")
        if r["expected"] is None:
            verdict = "both refuse" if text is None else "address" if r["kind"] == "address" else "RENDERED"
        else:
            verdict = "equal" if text == r["expected"] else "refused" if text is None else "DIFFERENT"
        if got.get("trace"):
            verdict = "TRACE"
        table[r["kind"]][verdict] += 1
        if verdict == "refused":
            reasons[(error or "")[:110]] += 1
        if verdict.isupper():
            bad += 1
            if shown < args.show:
                shown += 1
                print(f"--- {verdict} ({r['kind']})\n{r['template']!r}\n messages {r['messages']} {r['prompt']}\n jinja2 {r['expected']!r}\n ours   {text!r} {error or ''}")
    for reason, n in reasons.most_common(args.show):
        print(f"refused {n:4}  {reason}")
    total = collections.Counter()
    for kind, counter in sorted(table.items()):
        print(f"{kind:16} " + "  ".join(f"{k} {v}" for k, v in sorted(counter.items())))
        if kind != "random":
            total.update(counter)
    print("by feature       " + "  ".join(f"{k} {v}" for k, v in sorted(total.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
