# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went into a build and what came out: inputs by SHA-256, where their manifest lies, and why a build is needed.

A manifest is ``{inputs, rpms, prepared, log}``, written only after everything that it lists is in place, and removed
before a build starts.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import hashlib
import json
import os

from ansible.module_utils.common.text.converters import to_bytes, to_text

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _rpm

# What decides which build it is; the jobs do not, since they change only its speed.
PARAMETERS = ('stage', 'defines', 'with', 'without', 'target', 'environment')
PARTIAL = '.partial'


def inputs(options, versions):
    """Everything that decides what comes out: SHA-256 of the files, parameters, versions of rpm and compiler."""
    wanted = dict((name, options[name]) for name in PARAMETERS)
    wanted['defines'] = dict((name, to_text(value)) for name, value in options['defines'].items())
    wanted['environment'] = dict((name, to_text(value)) for name, value in options['environment'].items())
    wanted['with'], wanted['without'] = sorted(options['with']), sorted(options['without'])
    kind = 'srpm' if options['srpm'] else 'spec'
    wanted[kind] = {os.path.basename(options[kind]): _rpm.sha256(options[kind])}
    for kind in ('sources', 'patches'):
        wanted[kind] = dict((os.path.basename(path), _rpm.sha256(path)) for path in options[kind])
    return dict(wanted, **versions)


def places(folders, wanted):
    """Where one build keeps its things: manifest, log, results; every spec or source package with its parameters has its own."""
    built = list(wanted.get('srpm') or wanted['spec'])[0]
    identity = json.dumps([built] + [wanted[name] for name in PARAMETERS], sort_keys=True)
    name = '%s-%s' % (os.path.splitext(built)[0], hashlib.sha256(to_bytes(identity)).hexdigest()[:12])
    base = os.path.join(folders['_rpmdir'], name)
    return dict(folders, manifest=base + '.json', log=base + '.log', live_log=os.path.join(folders['_topdir'], 'rpmbuild.log'),
                prepared=os.path.join(folders['_builddir'], name))


def read_manifest(path):
    """The manifest at ``path``, or None where there is none that can be read."""
    try:
        with open(path, 'rb') as stream:
            manifest = json.loads(to_text(stream.read()))
    except (IOError, OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and 'inputs' in manifest and 'rpms' in manifest else None


def write_manifest(path, manifest):
    """Write it whole or not at all."""
    with open(path + PARTIAL, 'wb') as stream:
        stream.write(to_bytes(json.dumps(manifest, indent=2, sort_keys=True) + '\n'))
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(path + PARTIAL, path)


def differences(manifest, wanted):
    """Why a build is needed, one text each: inputs that differ, results that are gone or altered; [] for none."""
    if manifest is None:
        return ['there is no manifest of an earlier build of this spec with these parameters']
    have, want = flat(manifest['inputs']), flat(wanted)
    texts = ['%s changed' % name for name in sorted(want) if want[name] != have.get(name)]
    texts.extend('%s is no longer an input' % name for name in sorted(set(have) - set(want)))
    for rpm in manifest['rpms']:
        if not os.path.isfile(rpm['path']):
            texts.append('%s is gone' % rpm['path'])
        elif _rpm.sha256(rpm['path']) != rpm['sha256']:
            texts.append('%s is not the file that was built' % rpm['path'])
    if manifest.get('prepared') and not os.path.isdir(manifest['prepared']):
        texts.append('%s is gone' % manifest['prepared'])
    return texts


def flat(wanted):
    """Inputs by one name each, as a diff shows them: ``sources/openvswitch-3.1.0.tar.gz: <SHA-256>``."""
    result = {}
    for name, value in wanted.items():
        for key, item in (value.items() if isinstance(value, dict) else [(None, value)]):
            result[name if key is None else '%s/%s' % (name, key)] = item
    return result
