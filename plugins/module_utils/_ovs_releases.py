# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each release of Open vSwitch takes to build: kernels for its module, Python, and whether upstream's own spec packages it.

The tables say what the sources of the releases say: acinclude.m4, m4/openvswitch.m4 and xenserver/openvswitch-xen.spec.in at every tag.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re

# The kernels that configure takes, lowest and highest, by the release that began to; before 2.0 there is no highest.
_KERNELS = (
    ((1,), (2, 6), None),
    ((2, 0), (2, 6, 32), (3, 10)),
    ((2, 1), (2, 6, 32), (3, 11)),
    ((2, 3), (2, 6, 32), (3, 14)),
    ((2, 4), (2, 6, 32), (4, 0)),
    ((2, 5), (2, 6, 32), (4, 3)),
    ((2, 6), (3, 10), (4, 7)),
    ((2, 6, 1), (3, 10), (4, 8)),
    ((2, 7), (3, 10), (4, 9)),
    ((2, 8), (3, 10), (4, 11)),
    ((2, 9), (3, 10), (4, 13)),
    ((2, 9, 1), (3, 10), (4, 15)),
    ((2, 11), (3, 10), (4, 18)),
    ((2, 12), (3, 10), (5, 0)),
    ((2, 14), (3, 10), (5, 5)),
    ((2, 15), (3, 10), (5, 8)),
)
# The first release without a kernel module, and since the same one without xenserver/.
_NO_MODULE = (3, 0)
# The first whose spec knows kernel_uname and xen_version, and the first whose spec is a template with defaults.
_UNAME = (2, 3, 2)
_TEMPLATE = (1, 6)

# Of upstream's spec: from which release on, what it cannot do, and the macros that get around it, None where nothing does.
_UPSTREAM = (
    ((1,), None, {}),
    ((2, 6), 'it does not list ovs-tcpdump and others that are installed', {'_unpackaged_files_terminate_build': '0'}),
    ((2, 8), 'it lists /var/log/openvswitch, which "make install" no longer makes, and it removes manual pages that are not made without Sphinx', None),
    (_NO_MODULE, 'there is none: Open vSwitch has no xenserver folder since 3.0', None),
)


def numbers(version):
    """The numbers that a version of Open vSwitch or of a kernel begins with.

    >>> numbers('2.6.32.12-0.7.1.xs5.6.100.323.170596xen')
    (2, 6, 32, 12)
    """
    return tuple(int(part) for part in re.match(r'\d*(?:\.\d+)*', version).group(0).split('.') if part)


def has_module(version):
    """Whether this release has a kernel module."""
    return numbers(version) < _NO_MODULE


def knows_uname(version):
    """Whether upstream's spec of this release takes the macros kernel_uname and xen_version."""
    return numbers(version) >= _UNAME


def needs_flavor(version):
    """Whether upstream's spec of this release has no default for any macro."""
    return numbers(version) < _TEMPLATE


def upstream_spec(version):
    """Upstream's spec of this release: ``(why it does not package, macros that it needs)``, where the first is None if it does."""
    reason, macros = [row[1:] for row in _UPSTREAM if row[0] <= numbers(version)][-1]
    return (None, macros) if macros is not None else (reason, {})


def kernel_problem(version, kernel):
    """Why this release's module cannot be built for a kernel, with the releases that can; None if it can."""
    lowest, highest = [row[1:] for row in _KERNELS if row[0] <= numbers(version)][-1]
    if _within(numbers(kernel), lowest, highest):
        return None
    takes = 'from %s to %s' % (_text(lowest), _text(highest)) if highest else 'from %s on' % _text(lowest)
    fitting = _spans(numbers(kernel))
    remedy = 'the releases that take this kernel are ' + '; '.join(fitting) if fitting else 'no release takes this kernel'
    return 'Open vSwitch %s takes kernels %s, and this is %s; %s' % (version, takes, kernel, remedy)


def _within(kernel, lowest, highest):
    return lowest <= kernel and (highest is None or kernel[:len(highest)] <= highest)


def _spans(kernel):
    """The releases that take a kernel, as texts such as "2.6.1 and later, before 3.0"; neighbours in the table are one span."""
    spans, ends = [], [row[0] for row in _KERNELS[1:]] + [_NO_MODULE]
    for (since, lowest, highest), end in zip(_KERNELS, ends):
        if not _within(kernel, lowest, highest):
            continue
        if spans and spans[-1][1] == since:
            spans[-1][1] = end
        else:
            spans.append([since, end])
    return ['%s and later, before %s' % (_text(since), _text(end)) for since, end in spans]


def _text(parts):
    return '.'.join(str(part) for part in (parts if len(parts) > 1 else parts + (0,)))
