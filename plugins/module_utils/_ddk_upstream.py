# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstream's own spec: what it takes of a DDK beyond what any build takes, what it cannot build, and what it builds broken.

``have`` and ``want`` are those of ``_ddk``. Nothing here holds where another spec is wanted.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _ovs_releases


def problems(want, kernels):
    """Why it is no spec for what is wanted."""
    if want['spec'] != 'upstream':
        return []
    version = want['version']
    if not _ovs_releases.has_module(version):
        return ['Open vSwitch %s has no upstream spec: there is no xenserver folder since 3.0; build with the bundled spec' % version]
    texts = []
    if 'systemd' in want['generations']:
        texts.append('the upstream spec makes packages for SysV hosts, and would take the units of Open vSwitch off a systemd host: '
                     'build for sysv, or with the bundled spec')
    if want['kernels'] == []:
        texts.append('the upstream spec cannot leave the kernel module out: name a kernel, or build with the bundled spec')
    if len(kernels) > 1:
        texts.append('the upstream spec builds the userspace anew with each kernel: name one kernel, or build with the bundled spec')
    for macros in [kernel['defines'] for kernel in kernels]:
        if ('kernel_uname' in macros or 'xen_version' in macros) and not _ovs_releases.knows_uname(version):
            texts.append('the upstream spec knows uname and xen_version since 2.3.2: give the kernel by name, version and flavor')
        elif 'kernel_flavor' not in macros and _ovs_releases.needs_flavor(version):
            texts.append('the upstream spec has no defaults before 1.6: give the kernel by name, version and flavor')
    return texts


def flaws(have, want):
    """What is known to be broken in what it makes, each with the remedy."""
    known = _ovs_releases.upstream_flaws(want['version'], have['dhparams']) if want['spec'] == 'upstream' else []
    return ['what the upstream spec makes of Open vSwitch %s is broken: %s; build with the bundled spec, or patch the source before its '
            'dist tarball is made, and consent' % (want['version'], flaw) for flaw in known]


def missing(have, want):
    """What this host lacks for it."""
    if want['spec'] != 'upstream':
        return []
    texts = []
    if _ovs_releases.sphinx(want['version']) and not have['programs']['sphinx-build']:
        texts.append('sphinx-build, since the upstream spec lists manual pages that it makes (package python-sphinx)')
    if have['rpm'] and not have['compresses']:
        texts.append('brp-compress among rpm\'s macros, since the upstream spec lists compressed manual pages (package redhat-rpm-config)')
    return texts
