# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each release of Open vSwitch takes to build: kernels for its module, openssl, and what upstream's own spec makes of it.

The tables say what the sources of the releases say: acinclude.m4, m4/openvswitch.m4, lib/automake.mk, utilities/ and xenserver/ at every tag.
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

# Releases are told by spans: the first one, and the first after it that is none.
# Those that have openssl write one of their sources at each build, and of these the ones that take static functions, as OpenSSL 1.1.1 writes.
_DHPARAMS = (((0,), (2, 6, 6)), ((2, 7), (2, 7, 9)), ((2, 8), (2, 8, 7)), ((2, 9), (2, 10)))
_DHPARAMS_STATIC = (((2, 9, 3), (2, 10)),)

# What upstream's spec does not do by itself, and the macro that makes up for it.
_UPSTREAM_MACROS = (
    # It leaves out ovs-tcpdump and others that are installed.
    ((2, 6), '_unpackaged_files_terminate_build', '0'),
    # It lists a folder that "make install" no longer makes; rpm runs this after %install.
    ((2, 8), '__arch_install_post', 'mkdir -p $RPM_BUILD_ROOT/var/log/openvswitch'),
)
# It removes or lists manual pages that are there only where configure found one of these.
_SPHINX = (((2, 8), (2, 13), ('sphinx-build',)), ((2, 13), _NO_MODULE, ('sphinx-build-3', 'sphinx-build-2', 'sphinx-build')))
# What no macro mends.
_UPSTREAM_FLAWS = (
    ((((2, 10), _NO_MODULE),), 'it leaves out ovs-kmod-ctl, without which ovs-ctl does not start ovs-vswitchd'),
    ((((2, 13, 2), (2, 14)), ((2, 14, 1), _NO_MODULE)),
     'its XAPI plugin openvswitch-cfg-update is Python 2 under a first line that asks for Python 3, which is a SyntaxError'),
)
_FLAW_DHPARAMS = 'it does not compile, as this host\'s openssl writes lib/dhparams.c with static functions, like any since 1.1.1'


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


def upstream_macros(version):
    """The macros without which upstream's spec of this release makes no packages."""
    return dict((name, value) for since, name, value in _UPSTREAM_MACROS if since <= numbers(version))


def sphinx(version):
    """The names of the program, any of which will do, without which upstream's spec of this release makes no packages; of none if it does."""
    return [name for since, before, names in _SPHINX if _among(version, [(since, before)]) for name in names]


def upstream_flaws(version, dhparams):
    """What is known to be broken in what upstream's spec makes of this release.

    :arg dhparams: how openssl writes that source, ``plain`` or ``static``; None where it does not.
    """
    flaws = [_FLAW_DHPARAMS] if dhparams == 'static' and has_dhparams_made(version) and not _among(version, _DHPARAMS_STATIC) else []
    return flaws + [text for spans, text in _UPSTREAM_FLAWS if _among(version, spans)]


def has_dhparams_made(version):
    """Whether building this release takes an openssl that writes a C source."""
    return _among(version, _DHPARAMS)


def _among(version, spans):
    return any(since <= numbers(version) < before for since, before in spans)


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
