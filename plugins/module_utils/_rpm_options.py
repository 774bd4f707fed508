# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a build with rpmbuild: judged before anything runs, and made into words of a command.

Options are the module's: a dict with ``spec`` or ``srpm``, ``sources``, ``patches``, ``defines``, ``with``, ``without``,
``topdir``, ``target``, ``environment``, ``jobs`` and ``stage``, and ``spec_member`` where ``spec`` is a tarball.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import numbers
import os
import re

from ansible.module_utils.common.text.converters import to_native, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm

STAGES = dict(binary='-bb', all='-ba', source='-bs', prep='-bp')
FOLDERS = ('_topdir', '_sourcedir', '_specdir', '_rpmdir', '_srcrpmdir', '_builddir')

# Names shorter than three characters are no macros to rpm.
_MACRO = re.compile(r'[A-Za-z_][A-Za-z0-9_]{2,}\Z')
_WORD = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z')
_VARIABLE = re.compile(r'[A-Za-z_][A-Za-z0-9_]*\Z')
_FOLDER = re.compile(r'/[A-Za-z0-9_./+~-]+\Z')
_OWN = dict([(name, 'topdir, from which rpm derives it') for name in FOLDERS], _smp_mflags='jobs', _build_name_fmt='no option; it stays as this host has it')
_VERSIONS = ('openvswitch_version',)
_MISSPELT = dict(kenel_uname='kernel_uname')


def bad_options(options):
    """What is wrong with the options, one text each; nothing is looked up on the host."""
    texts = _bad_defines(options['defines']) + _bad_conditions(options) + _bad_environment(options['environment']) + _bad_origin(options)
    if options['target'] is not None and not _WORD.match(options['target']):
        texts.append('target %r is no architecture such as i686 or x86_64' % to_native(options['target']))
    if options['topdir'] is not None and not fit_folder(options['topdir']):
        texts.append('topdir %r would not arrive everywhere as it is; give an absolute path of letters, digits and _./+~-' % to_native(options['topdir']))
    if options['jobs'] is not None and options['jobs'] < 1:
        texts.append('jobs is %d and must be at least 1' % options['jobs'])
    return texts


def files(options):
    """Every file that is given, the spec or source package first; a tarball that holds the spec is among the sources."""
    first = [] if options['spec_member'] is not None else [options['spec'] or options['srpm']]
    return first + options['sources'] + options['patches']


def bad_files(options):
    """What is wrong with the files given on this host, one text each."""
    paths = files(options)
    texts = ['%s is not there or is no file' % path for path in paths if not os.path.isfile(path)]
    texts.extend('%s is not readable' % path for path in paths if os.path.isfile(path) and not os.access(path, os.R_OK))
    members = [] if options['spec_member'] is None else [options['spec_member']]
    names = [os.path.basename(path) for path in paths + members]
    texts.extend('%s is given more than once; rpmbuild keeps all sources in one folder' % name
                 for name in sorted(set(names)) if names.count(name) > 1)
    texts.extend('the file name %r would not arrive at rpmbuild as it is; use letters, digits and _.+-' % to_native(name)
                 for name in names if not _WORD.match(name))
    return texts or _bad_path(options)


def fit_folder(path):
    """True where a folder's path arrives in macros, shells and makefiles as it is."""
    return bool(_FOLDER.match(path))


def arguments(options):
    """What says to rpmbuild which build it is, as separate words."""
    words = []
    if options['topdir']:
        words += ['--define', '_topdir ' + options['topdir']]
    for name, value in sorted(options['defines'].items()):
        words += ['--define', '%s %s' % (name, value)]
    for option in ('with', 'without'):
        for name in sorted(options[option]):
            words += ['--' + option, name]
    return words + (['--target', options['target']] if options['target'] else [])


def _bad_conditions(options):
    texts = ['%s %r is no name of a build condition: letters, digits and _ only' % (option, to_native(name))
             for option in ('with', 'without') for name in options[option] if not _VARIABLE.match(name)]
    return texts + ['%s is both in with and in without' % name for name in options['with'] if name in options['without']]


def _bad_environment(environment):
    texts = []
    for name, value in sorted(environment.items()):
        if not _VARIABLE.match(name):
            texts.append('environment: %r can be no variable: letters, digits and _ only' % to_native(name))
        elif not _is_text(value) or u'\0' in to_text(value):
            texts.append('environment: %s must be text without NUL or a whole number; put it in quotes' % name)
    return texts


def _bad_origin(options):
    """Of spec, spec_member and srpm: what contradicts or is no name of a spec."""
    member = options['spec_member']
    if (options['spec'] is None) == (options['srpm'] is None):
        return ['spec or srpm must be given, and not both']
    texts = []
    if options['srpm'] and member is not None:
        texts.append('spec_member names a spec in the tarball that spec names; it says nothing of srpm')
    if options['srpm'] and (options['sources'] or options['patches']):
        texts.append('srpm brings its own sources and patches; leave sources and patches out')
    if member is not None and not (member.endswith('.spec') and _WORD.match(os.path.basename(member))):
        texts.append('spec_member %r is no name of a spec in a tarball, such as openvswitch-2.5.3/xenserver/openvswitch-xen.spec' % to_native(member))
    return texts


def _bad_path(options):
    """rpm itself opens these where they are, and expands macros in a path: ``%(...)`` runs a command."""
    if options['srpm']:
        problem = _rpm.file_problem(options['srpm'])
        return ['%s: %s' % (options['srpm'], problem)] if problem else []
    if options['spec_member'] is None and '%' in options['spec']:
        return ['%s: rpm expands the %% in this path; rename the folder' % options['spec']]
    return []


def _bad_defines(defines):
    texts = []
    for name, value in sorted(defines.items()):
        if name in _MISSPELT:
            texts.append('defines: no spec knows %s; the name is %s' % (name, _MISSPELT[name]))
        elif name in _OWN:
            texts.append('defines: %s is given by %s' % (name, _OWN[name]))
        elif not _MACRO.match(name):
            texts.append('defines: %r is no macro name: a letter or _, then two or more letters, digits or _' % to_native(name))
        else:
            reason = _bad_value(name, value)
            texts.extend(['defines: %s %s' % (name, reason)] if reason else [])
    return texts


def _bad_value(name, value):
    """Why the value of a macro would not arrive in the spec as it is written, or None."""
    if not _is_text(value):
        return 'must be text or a whole number; put it in quotes'
    text = to_text(value)
    if not text:
        return 'is empty; leave it out, or write %{nil} where the spec wants it empty'
    if name in _VERSIONS and not re.match(r'[A-Za-z0-9._+~^]+\Z', text):
        return 'is %r; rpm allows no - and only letters, digits and ._+~^ in a version' % to_native(text)
    if text == '%{nil}':
        return None
    if text != text.strip() or text.startswith('-') or re.search(u'[%\\\\{}\\x00-\\x1f\\x7f]', text):
        return 'has a value that rpm would expand, cut or take for an option: no %, backslash, brace, control character, leading - or blank around it'
    return None


def _is_text(value):
    """True for text and whole numbers: what YAML made true, 3.1 or null of is not what was written."""
    return isinstance(value, (type(u''), str, numbers.Integral)) and not isinstance(value, bool)
