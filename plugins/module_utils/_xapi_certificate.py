# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CA certificates of a pool: XAPI keeps each as a file of its name, the same on every host, and replaces none."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import re
import shutil
import tempfile

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.xenserver.openvswitch.plugins.module_utils._xapi import UNKNOWN_COMMAND, Refused, XeError

FOLDER = '/etc/stunnel/certs'
# As XAPI checks it (is_unsafe of its certificates.ml).
NAME = re.compile(r'(?!\.)[A-Za-z0-9._-]+\.pem\Z')
# Since 2020; the older ones, which take the same, were kept beside them.
INSTALL = ('pool-install-ca-certificate', 'pool-certificate-install')
UNINSTALL = ('pool-uninstall-ca-certificate', 'pool-certificate-uninstall')
# CERTIFICATE_DOES_NOT_EXIST has the one label of CERTIFICATE_CORRUPT, which says that XAPI could not remove it, so that only its sentence tells it.
ABSENT = re.compile('[^\n]*does not exist')


def check_name(name):
    """:raises Refused: a name that XAPI does not take."""
    if not NAME.match(name):
        raise Refused('The name "%s" is none that XAPI takes for a certificate: letters, digits, ".", "_" and "-", with .pem at its end.' % name)


def replace(xe, name, text, old):
    """Have the pool hold ``text`` under ``name`` in place of what it holds.

    :arg old: what it holds, as far as this host knows; it is put back where XAPI refuses the new one.
    """
    uninstall(xe, name)
    try:
        _install(xe, name, text)
    except XeError:
        if old is not None:
            _install(xe, name, old)
        raise


def _install(xe, name, text):
    """`xe` sends a file and names the certificate after it."""
    folder = tempfile.mkdtemp()  # for this user alone
    try:
        path = os.path.join(folder, name)
        with open(path, 'wb') as stream:
            stream.write(to_bytes(text))
        _call(xe, INSTALL, [('filename', path)])
    finally:
        shutil.rmtree(folder)


def uninstall(xe, name):
    """Have the pool hold nothing under ``name``, which it may do already."""
    try:
        _call(xe, UNINSTALL, [('name', name)])
    except XeError as error:
        is_absent = error.parameters == dict(name=name) and ABSENT.match(error.said)
        # The file was there, and is not any more, and XAPI's database did not know it.
        is_unknown = error.parameters == dict(field='certificate:name', value=name)
        if not is_absent and not is_unknown:
            raise


def argvs(xe, name, present):
    """The commands as they are for a person to see; the file is a temporary one."""
    steps = [(UNINSTALL[0], [('name', name)])] + ([(INSTALL[0], [('filename', name)])] if present else [])
    return [xe.argv(*step) for step in steps]


def _call(xe, commands, params):
    try:
        return xe.call(commands[0], params)
    except XeError as error:
        if error.code != UNKNOWN_COMMAND:
            raise
    return xe.call(commands[1], params)
