# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: a report written through a template, in which every value is escaped."""

from __future__ import annotations

import base64
import hashlib
import os
import re

import jinja2
import markupsafe

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _report, _report_view

UNITS = ((86400, 'd'), (3600, 'h'), (60, 'min'))


def page(report, template):
    """:arg template: the path of the page's template; what it includes is beside it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(os.path.dirname(template)), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        digest=digest, moment=moment, breakable=breakable, age=lambda time: age(time, report['written']), told=lambda value, fact: _report.told(fact, value))
    return environment.get_template(os.path.basename(template)).render(states=_report_view.STATES, **_report_view.view(report))


def digest(text):
    """An inline style or script as a Content-Security-Policy names it."""
    return 'sha256-' + base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode()


def breakable(target):
    """A manager that may be broken behind its colons where there is no room, and is escaped as any value."""
    return markupsafe.Markup('<wbr>').join(re.split('(?<=:)', target))


def moment(time):
    """A time as people write it."""
    return '%s %s UTC' % (time[:10], time[11:16])


def age(time, written):
    """How old something was when the report was written, which stays true without a script."""
    seconds = _report.seconds(written) - _report.seconds(time)
    for size, unit in UNITS:
        if seconds >= size:
            return '%d %s before this report' % (seconds // size, unit)
    return 'with this report'
