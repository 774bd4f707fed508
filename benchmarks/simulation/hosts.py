# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a simulated host is asked, the state that it is in, and what a host of the lab has answered in that state.

A host goes through the STATES of an upgrade. What a module was asked for brings it from one to the next. An answer is looked up
by the host's role and state, the module and what that was asked for; `record.py` has written them to `answers.json`.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import time
import uuid

STATES = ('old', 'emptied', 'installed', 'booted', 'restored')
# Arguments by which two calls of a module have different answers.
TELLING = ('state', 'path', 'paths', 'patterns', 'dest', 'tables', 'bridges', '_ansible_check_mode')
PARAMS = re.compile(r'^ +ANSIBALLZ_PARAMS = (.+)$', re.MULTILINE)
# A folder for one task's files, which Ansible names anew each time.
FOLDER = re.compile(r'ansible-tmp-[\d.]+-\d+-\d+')


def called(command, given):
    """What Ansible asks of a host through a connection: ``(module, arguments)``, or ``('', command)``."""
    params = PARAMS.search(given)
    if not params:
        return '', command
    asked = json.loads(ast.literal_eval(params.group(1)))['ANSIBLE_MODULE_ARGS']
    return asked['_ansible_module_name'].rpartition('.')[2], asked


def following(state, name, asked):
    """The state of a host after a call."""
    if not name:
        return 'booted' if '/shutdown ' in asked and state == 'installed' else state
    if asked.get('_ansible_check_mode'):
        return state
    found = {('xapi_host', 'maintenance'): 'emptied', ('xapi_host', 'restored'): 'restored', ('rpm_package', None): 'installed'}.get(
        (name, asked.get('state')), state)
    return max(state, found, key=STATES.index)


def question(role, state, name, asked):
    """What an answer is looked up by."""
    words = {word: asked[word] for word in TELLING if asked.get(word)} if name else asked
    return FOLDER.sub('FOLDER', ' '.join((role, state, name or 'shell', json.dumps(words, sort_keys=True))))


def folder(name, asked):
    """The name of the folder that a command concerns, where it does."""
    found = None if name else FOLDER.search(asked)
    return found.group() if found else 'FOLDER'


def digest(asked):
    return hashlib.sha256(asked.encode()).hexdigest()


def last(file):
    """When a host came into its state, and that state, by the last line of its file."""
    lines = file.read_text(encoding='utf-8').splitlines() if file.is_file() else []
    step = json.loads(lines[-1]) if lines else dict(since=0, state=STATES[0])
    return step['since'], step['state']


def note(file, state, what):
    """Add a step to a host's file."""
    since, before = last(file)
    now = time.time()
    with file.open('a', encoding='utf-8') as stream:
        stream.write(json.dumps(dict(time=now, what=what, state=state, since=since if state == before else now)) + '\n')


def pools(size):
    """The names of ``size`` hosts in pools of three, each pool's coordinator first."""
    names = ['pool%d-host%d' % (number // 3 + 1, number % 3 + 1) for number in range(size)]
    return [names[start:start + 3] for start in range(0, size, 3)]


def marks(pool, own):
    """What stands in the answers for a pool's and its hosts' names and UUIDs: the coordinator's are number 0, a supporter's own number 1."""
    ordered = [pool[0]] + [name for name in pool[1:] if name == own] + [name for name in pool[1:] if name != own]
    told = {'@pool@': str(uuid.uuid5(uuid.NAMESPACE_DNS, pool[0]))}
    for number, name in enumerate(ordered):
        told.update({'@name%d@' % number: name, '@uuid%d@' % number: str(uuid.uuid5(uuid.NAMESPACE_URL, name))})
    return told


def sha1_mark(rpm):
    """What stands in the answers for the SHA-1 of an RPM's file."""
    return '@sha1-%(nevra)s@' % rpm


def answer(text, told):
    """A recorded answer as a host of a pool gives it. What it tells of hosts that a smaller pool does not have is left out."""
    for mark, value in told.items():
        text = text.replace(mark, value)
    return json.dumps(_without_marks(json.loads(text))) if '@uuid' in text or '@name' in text else text


def _without_marks(value):
    if isinstance(value, list):
        return [_without_marks(item) for item in value if not re.search('@(uuid|name)', json.dumps(item))]
    return {name: _without_marks(item) for name, item in value.items()} if isinstance(value, dict) else value
