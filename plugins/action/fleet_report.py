# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import tempfile
import time

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _report, _report_page

HOST = dict(
    name=dict(type='str', required=True), facts=dict(type='dict'), error=dict(type='str'), failed=dict(type='list', elements='str', default=[]),
    done=dict(type='list', elements='str', default=[]))
ARGUMENTS = dict(
    folder=dict(type='path', required=True), template=dict(type='path', required=True), inventory=dict(type='list', elements='str', required=True),
    hosts=dict(type='list', elements='dict', options=HOST, required=True), left=dict(type='list', elements='str', default=[]))
LEFT = 'It failed earlier in the run, so that it was not looked at. See the output of the run.'


class ActionModule(ActionBase):
    """Nothing of it runs on a host: see the module of this name."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        given = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        data, page = (os.path.join(given['folder'], 'report.' + kind) for kind in ('json', 'html'))
        hosts = given['hosts'] + [dict(name=name, facts=None, error=LEFT, failed=[], done=[]) for name in given['left']]
        try:
            before = read(data)
            report = _report.merge(before, hosts, given['inventory'], _report.stamp(time.time()))
            text = json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False) + '\n'
            written = [(data, text), (page, _report_page.page(report, given['template']))]
            if not self._task.check_mode:
                write(given['folder'], written)
        except (_report.ReportError, OSError) as error:
            raise AnsibleActionFail('The report was not written: %s' % error) from error
        was, now = (_report.timeless(one) if one else None for one in (before, report))
        if was != now and self._task.diff:
            result['diff'] = dict(before=was or {}, after=now, before_header=data, after_header=data)
        return dict(result, changed=was != now, data=data, page=page, hosts=len(report['hosts']),
                    need_action=sorted(name for name, host in report['hosts'].items() if host['error'] or host['failed']))


def read(path):
    """The report of before, or None where there is none."""
    if not os.path.exists(path):
        return None
    with open(path, encoding='utf-8') as stream:
        try:
            report = json.load(stream)
        except ValueError as error:
            raise _report.ReportError('%s is no JSON (%s). It was left as it is. Move it away, or give another folder.' % (path, error)) from error
    _report.check(report, path)
    return report


def write(folder, texts):
    """Each file is whole at any moment: readers see what was or what is."""
    os.makedirs(folder, mode=0o755, exist_ok=True)
    for path, text in texts:
        handle, draft = tempfile.mkstemp(dir=folder, prefix='.report-')
        try:
            with open(handle, 'w', encoding='utf-8') as stream:
                os.fchmod(handle, 0o644)
                stream.write(text)
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
