# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels that modules are to be built for: as they are asked for, or as the kernel-devel packages of a DDK tell them.

A kernel is ``dict(folder, defines)``: its folder below /lib/modules, which is what ``uname -r`` says on the host, and the
macros that tell it to the spec.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import re

from ansible.module_utils.common.text.converters import to_native, to_text

FLAVORS = ('xen', 'kdump')
AUTO = 'auto'

# What rpm prints of a kernel-devel package, and how its parts are separated.
QUERY = '%{NAME}\\t%{VERSION}-%{RELEASE}\\t[%{PROVIDENAME} %{PROVIDEVERSION}\\f]\\t[%{DIRNAMES}\\f]\\n'
_UNAME_PROVIDES = ('kernel-devel-uname-r', 'kernel-uname-r')
_UNAME_FOLDER = re.compile(r'(?:/usr)?/lib/modules/([^/]+)/')

_KEYS = ('uname', 'name', 'version', 'flavor', 'xen_version')
_WORD = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.+~-]*\Z')
_FORMS = 'give uname, or name and version with flavor or xen_version where the kernel has one'


def devel_packages(text):
    """The kernel-devel packages that rpm printed in the format :data:`QUERY`, as ``dict(package, version, kernel)``.

    ``kernel`` is what to ask for to have a module for it, and None where the package does not tell. Packages of flavors that are no
    host's main kernel are left out.
    """
    found = []
    for line in text.split('\n'):  # not splitlines, which also splits at form feeds
        parts = line.split('\t')
        if len(parts) == 4:
            name, version = parts[:2]
            if name == 'kernel-devel':
                uname = _uname(parts[2].split('\f'), parts[3].split('\f'))
                found.append(dict(package='%s-%s' % (name, version), version=version, kernel=dict(uname=uname) if uname else None))
            elif name.startswith('kernel-') and name.endswith('xen-devel'):
                kernel = dict(name=name[len('kernel-'):-len('-devel')], version=version, flavor='xen')
                found.append(dict(package='%s-%s' % (name, version), version=version, kernel=kernel))
    return found


def _uname(provides, folders):
    for item in provides:
        name, dummy, value = item.partition(' ')
        if name in _UNAME_PROVIDES and value:
            return value
    matches = [match.group(1) for match in map(_UNAME_FOLDER.match, folders) if match]
    return matches[0] if matches else None


def detect(packages):
    """The one kernel that the kernel-devel packages stand for, as a list: ``(kernels as asked for, what is wrong)``."""
    names = ', '.join(package['package'] for package in packages)
    if not packages:
        return [], ['no kernel-devel package is installed here (kernel-devel, or kernel-xen-devel before XenServer 6.5): install that of the '
                    'hosts\' kernel, name the kernels, or give an empty list of kernels to build no module']
    if len(packages) > 1:
        return [], ['several kernel-devel packages are installed here, %s: name the kernels that are meant' % names]
    if packages[0]['kernel'] is None:
        return [], ['%s does not tell its kernel\'s "uname -r": name the kernel by its uname' % names]
    return [packages[0]['kernel']], []


def resolve(asked):
    """The kernels that are asked for by name: ``(kernels, what is wrong)``."""
    if not isinstance(asked, list):
        return [], ['kernels must be "%s" or a list: %s' % (AUTO, _FORMS)]
    kernels, problems = [], []
    for number, one in enumerate(asked, 1):
        reasons = _bad(one)
        problems.extend('kernel %d: %s' % (number, reason) for reason in reasons)
        if not reasons:
            kernels.append(_kernel(one))
    folders = [kernel['folder'] for kernel in kernels]
    problems.extend('the kernel %s is given more than once' % folder for folder in sorted(set(folders)) if folders.count(folder) > 1)
    return kernels, problems


def _bad(given):
    if not isinstance(given, dict):
        return ['%r is none; %s' % (to_native(given), _FORMS)]
    given = _present(given)
    texts = ['it has no %s; %s' % (to_native(key), _FORMS) for key in sorted(set(given) - set(_KEYS))]
    texts.extend('%s is %r: it must be text, in quotes, of letters, digits and ._+~-' % (key, to_native(given[key]))
                 for key in _KEYS if key in given and not (isinstance(given[key], (str, type(u''))) and _WORD.match(to_text(given[key]))))
    if texts:
        return texts
    if 'uname' in given:
        return ['uname tells all of a kernel; leave the rest out'] if len(given) > 1 else []
    if 'name' not in given or 'version' not in given:
        return [_FORMS]
    if given.get('flavor', FLAVORS[0]) not in FLAVORS:
        return ['the flavor is %s and must be %s' % (given['flavor'], ' or '.join(FLAVORS))]
    return [] if _short(given['name']) else ['the name is that of the kernel\'s package without "kernel-", such as xen']


def _present(given):
    """A flavor that a template left empty is none."""
    return dict((key, value) for key, value in given.items() if value not in (None, ''))


def _kernel(given):
    given = _present(given)
    if 'uname' in given:
        return dict(folder=given['uname'], defines=dict(kernel_uname=given['uname']))
    defines = dict(kernel_name=_short(given['name']), kernel_version=given['version'])
    folder = given['version'] + given.get('flavor', '')
    if 'flavor' in given:
        defines['kernel_flavor'] = given['flavor']
    if 'xen_version' in given:
        defines['xen_version'] = folder = given['xen_version']
    return dict(folder=folder, defines=defines)


def _short(name):
    """The macro kernel_name is the package's name without "kernel-"; with it, old specs would require kernel-kernel-xen."""
    name = name[:-len('-devel')] if name.endswith('-devel') else name
    return name[len('kernel-'):] if name.startswith('kernel-') else name
