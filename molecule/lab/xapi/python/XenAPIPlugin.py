# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a XAPI plugin is made with: one argument holds an XML-RPC call, the standard output takes the response alone.

Runs on Python 2.7 and 3.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import sys

try:
    import xmlrpc.client as xmlrpclib
except ImportError:
    import xmlrpclib

import XenAPI


class Failure(Exception):
    """The plugin's own error: a code and a list of parameters."""

    def __init__(self, code, params):
        Exception.__init__(self, code, params)
        self.params = [code] + list(params)

    def __str__(self):
        return str(self.params)


def dispatch(functions):
    """Run the function of ``{name: function(session, args)}`` that the caller named, and print its answer."""
    if len(sys.argv) != 2:
        raise Exception('A plugin takes one argument: an XML-RPC call.')
    (reference, args), name = xmlrpclib.loads(sys.argv[1])
    session = XenAPI.xapi_local()
    session._session = reference
    print(xmlrpclib.dumps((_answer(functions, name, session, args),), methodresponse=True))


def _answer(functions, name, session, args):
    if name not in functions:
        return _failure(['UNKNOWN_XENAPI_PLUGIN_FUNCTION', name])
    try:
        return {'Status': 'Success', 'Value': functions[name](session, args)}
    except Failure as error:
        return _failure(error.params)
    except Exception as error:
        return _failure(['XENAPI_PLUGIN_FAILURE', name, error.__class__.__name__, str(error)])


def _failure(description):
    return {'Status': 'Failure', 'ErrorDescription': description}
