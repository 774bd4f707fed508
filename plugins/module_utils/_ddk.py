# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DDK: what it has, and what building a release of Open vSwitch in it takes.

``want`` is ``dict(version, spec, consent, generations, kernels, unit_tests, patched, defines, without)``, as the module ddk_info has it.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import glob
import os

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli, _ddk_kernels, _ddk_upstream, _dist, _dist_tools, _ovs_releases

MODULES = '/lib/modules'

# By the name under which the plan asks for it: what there must be, and the package that usually holds it.
_PROGRAMS = dict(rpmbuild='rpm-build', make='make', tar='tar', gzip='gzip', openssl='openssl', patch='patch')
_HEADERS = {'stdio.h': 'glibc-devel', 'openssl/ssl.h': 'openssl-devel', 'cap-ng.h': 'libcap-ng-devel'}
# Small parameters, for openssl to show how it writes them as C.
_DH_PARAMETERS = """-----BEGIN DH PARAMETERS-----
MEYCQQDPcH/xPsZyDlxE9t36TXl7cuux6hoAO239EJgioq2YbY8kDzANxLwZsv0o
LyrD5MPw7Niqdoq3RMg66nevdH6DAgEC
-----END DH PARAMETERS-----
"""
_PYTHON_SAYS = ('import sys\ntry:\n    import six\nexcept ImportError:\n    six = None\n'
                'print("%d.%d.%d %s" % (tuple(sys.version_info[:3]) + (six and "six" or "-",)))')


def survey(want, time_limit):
    """Look at this host: ``dict(rpm, topdir, writable, arch, compresses, kernel_devel, trees, programs, dhparams, headers, pythons)``.

    What takes a program that is not there is None or empty; what is missing is for the plan to say.
    """
    programs = dict((name, _dist_tools.first([name])) for name in list(_PROGRAMS) + compiler_words(want)[:-1])
    compiler = _dist_tools.first(compiler_words(want)[-1:])
    programs.update({'compiler': compiler, 'sphinx-build': _dist_tools.first(_ovs_releases.sphinx(want['version']))})
    return dict(_survey_rpm(time_limit), programs=programs, trees=_trees(), headers=_headers(compiler, time_limit) if compiler else [],
                dhparams=_dhparams(programs['openssl'], time_limit), pythons=_pythons(want, time_limit))


def _survey_rpm(time_limit):
    rpm = _dist_tools.first(['rpm'])
    if not rpm:
        return dict(rpm=None, topdir=None, writable=False, arch=None, compresses=False, kernel_devel=[])
    told = _cli.run([rpm, '-E', '%{_topdir}\n%{_target_cpu}\n%{__os_install_post}'], time_limit).out.split('\n')
    devel = _cli.run([rpm, '-qa', '--qf', _ddk_kernels.QUERY, 'kernel*devel'], time_limit).out
    return dict(
        rpm=_cli.run([rpm, '--version'], time_limit).out.split()[-1], topdir=told[0], writable=_writable(told[0]), arch=told[1],
        compresses='brp-compress' in '\n'.join(told[2:]), kernel_devel=_ddk_kernels.devel_packages(devel))


def _writable(folder):
    """Whether this user can write into the folder, or make it."""
    while not os.path.lexists(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)


def _trees():
    """The kernels whose build tree is on this host, by their folder below /lib/modules."""
    return sorted(path.split('/')[-3] for path in glob.glob(os.path.join(MODULES, '*', 'build', 'Makefile')))


def _headers(compiler, time_limit):
    """The headers that the compiler finds; with -MG it tells in one go, by leaving the names of those that it does not find as they are."""
    names = sorted(_HEADERS)
    answer = _cli.run([compiler, '-M', '-MG', '-x', 'c', '-'], time_limit, ok=None, data=''.join('#include <%s>\n' % name for name in names))
    told = answer.out.replace('\\\n', ' ').split()
    return [name for name in names if name not in told and [word for word in told if word.endswith('/' + name)]]


def _dhparams(openssl, time_limit):
    """How openssl writes Diffie-Hellman parameters as C, in ``static`` functions or ``plain`` ones; None where it does not, as from 3.0 on."""
    answer = _cli.run([openssl, 'dhparam', '-C', '-noout'], time_limit, ok=None, data=_DH_PARAMETERS) if openssl else None
    if answer is None or answer.rc:
        return None
    return 'static' if 'static DH' in answer.out else 'plain'


def compiler_words(want):
    """The programs that compile, without their options; the last is the compiler, as in "ccache gcc"."""
    words = to_native(want['defines'].get('openvswitch_cc') or 'gcc').split()
    return [word for word in words if not word.startswith('-')]


def _own_python(want):
    """The one Python that the bundled spec takes, by the same rule as it; None where configure looks for one itself."""
    if want['spec'] != 'bundled':
        return None
    major = _dist_tools.python_for(want['version'])[0]
    return to_native(want['defines'].get('ovs_python') or ('/usr/bin/python3' if major == 3 else '/usr/bin/python2.7'))


def _pythons(want, time_limit):
    """The Pythons that a build could take, as ``dict(path, version, six)``."""
    own = _own_python(want)
    names = [own] if own else _dist_tools.PYTHON_NAMES[_dist_tools.python_for(want['version'])[0]]
    found = []
    for path in [_dist_tools.first([name]) for name in names]:
        words = _cli.run([path, '-c', _PYTHON_SAYS], time_limit, ok=None).out.split() if path else []
        if words[1:] in (['six'], ['-']):
            found.append(dict(path=path, version=words[0], six=words[1] == 'six'))
    return found


def digests(folder):
    """The SHA-256 of the files in a folder, by their names; of none where there is no folder."""
    if folder is None or not os.path.isdir(folder):
        return {}
    paths = dict((name, os.path.join(folder, name)) for name in os.listdir(folder))
    return dict((name, _dist.digest(path)) for name, path in paths.items() if os.path.isfile(path) and os.access(path, os.R_OK))


def plan(have, want):
    """What to build, and what stands against it: ``dict(kernels, builds, problems, missing, warnings)``.

    ``builds`` are dicts of generation, kernel, defines and without, one for each run of rpmbuild. ``problems`` are contradictions in what
    is wanted, ``missing`` is what this host lacks for it, ``warnings`` are what is known of the result and was consented to.
    """
    kernels, problems = _kernels(have, want)
    flaws = _ddk_upstream.flaws(have, want)
    problems = ([] if want['consent'] else flaws) + _ddk_upstream.problems(want, kernels) + _openssl_problems(have, want) + problems
    if have['rpm'] and not have['writable']:
        problems.append('%s, where rpm works, cannot be written by this user: define %%_topdir in ~/.rpmmacros' % have['topdir'])
    return dict(kernels=[kernel['folder'] for kernel in kernels], builds=_builds(want, kernels), problems=problems,
                missing=_missing(have, want, kernels), warnings=flaws if want['consent'] else [])


def _kernels(have, want):
    """The kernels to build the module for, those of the SysV generation, and what is wrong with them."""
    asked, version = want['kernels'], want['version']
    automatic = asked in (_ddk_kernels.AUTO, [_ddk_kernels.AUTO])
    reason = None
    if not _ovs_releases.has_module(version):
        reason = 'Open vSwitch %s has no kernel module, the last release with one is 2.17' % version
    elif 'sysv' not in want['generations']:
        reason = 'hosts of the systemd generation have the module in their kernel'
    if reason:
        return [], [] if automatic or asked == [] else ['kernels are given, but %s: leave the kernels out' % reason]
    problems = []
    if automatic:
        asked, problems = _ddk_kernels.detect(have['kernel_devel'])
    kernels, wrong = _ddk_kernels.resolve(asked)
    unfit = [_ovs_releases.kernel_problem(version, kernel['folder']) for kernel in kernels]
    return kernels, problems + wrong + [text for text in unfit if text]


def _openssl_problems(have, want):
    """Why no openssl of this host makes a source of this release; a spec of one's own may bring it."""
    if want['spec'] == 'path' or have['dhparams'] or not (have['programs']['openssl'] and _ovs_releases.has_dhparams_made(want['version'])):
        return []
    return ['Open vSwitch %s has "openssl dhparam -C" write one of its sources, which %s cannot, like any since OpenSSL 3.0: build in a DDK with '
            'OpenSSL 1.1 or earlier, or take a release that brings the source, which are 2.6.6, 2.7.9, 2.8.7 and those after each, and 2.10 and later'
            % (want['version'], have['programs']['openssl'])]


def _builds(want, kernels):
    """One build for each generation, and for SysV one more for each kernel after the first, of its module alone."""
    builds = []
    for generation in want['generations']:
        for number, kernel in enumerate((kernels if generation == 'sysv' else []) or [None]):
            defines = dict(openvswitch_version=want['version'])
            if want['spec'] == 'upstream':
                defines.update(_ovs_releases.upstream_macros(want['version']))
            else:
                defines['xenserver_generation'] = generation
            without = list(want['without'])
            if kernel:
                defines.update(kernel['defines'])
            if number:
                without.append('userspace')
            if number or not want['unit_tests']:
                without.append('check')
            builds.append(dict(generation=generation, kernel=kernel and kernel['folder'], defines=defines, without=without))
    return builds


def _missing(have, want, kernels):
    """All that the build needs and this host lacks, one text each."""
    programs = [name for name in sorted(_PROGRAMS) if _takes(want, name)]
    programs.extend(compiler_words(want)[:-1])
    texts = ['%s (package %s)' % (name, _PROGRAMS.get(name, name)) for name in programs if not have['programs'][name]]
    if have['programs']['compiler']:
        headers = [name for name in sorted(_HEADERS) if name != 'cap-ng.h' or (want['spec'] == 'bundled' and 'libcapng' not in want['without'])]
        texts.extend('%s (package %s)' % (name, _HEADERS[name]) for name in headers if name not in have['headers'])
    else:
        texts.append('%s (package gcc)' % compiler_words(want)[-1])
    texts.extend(_python_missing(have, want))
    texts.extend('%s/%s/build with a Makefile (the devel package of that kernel)' % (MODULES, kernel['folder'])
                 for kernel in kernels if kernel['folder'] not in have['trees'])
    return texts + _ddk_upstream.missing(have, want)


def _takes(want, program):
    """Whether the build takes a program; before 2.10 openssl writes one of the sources."""
    if program == 'openssl':
        return _ovs_releases.numbers(want['version']) < (2, 10)
    return program != 'patch' or want['patched']


def _python_missing(have, want):
    lowest, own = _dist_tools.python_for(want['version']), _own_python(want)
    needed = 'Python %d.%d or later' % lowest
    fitting = [python for python in have['pythons'] if _dist_tools.suits(_dist_tools.numbers(python['version']), lowest)]
    if not fitting:
        there = ', '.join('%(path)s is %(version)s' % python for python in have['pythons'])
        return ['%s of the series %d%s%s' % (needed, lowest[0], ' as %s' % own if own else '', ' (%s)' % there if there else '')]
    if _dist_tools.SIX[0] <= _dist_tools.numbers(want['version']) < _dist_tools.SIX[1] and not [python for python in fitting if python['six']]:
        return ['six for %s (package python-six)' % fitting[0]['path']]
    return []
