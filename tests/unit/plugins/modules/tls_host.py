# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities by the real openssl, and a manager that takes TLS connections with their certificates."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import os
import select
import socket
import ssl
import subprocess
import threading
import time
from functools import partial

from ansible_collections.xenserver.openvswitch.tests.unit.plugins.modules.rpm_host import path_of, require

CONFIG = u"""[ca]
default_ca = own
[own]
database = %(folder)s/index
new_certs_dir = %(folder)s
certificate = %(folder)s/ca.pem
private_key = %(folder)s/ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
"""
PATIENCE = 60  # seconds: on a busy machine a client may take long between its connection and its first word
VALID = ('20200101000000Z', '20491231000000Z')
EXPIRED = ('20200101000000Z', '20200201000000Z')


class Authority(object):
    """``certificate`` is its PEM text."""

    def __init__(self, folder, name):
        require('openssl')
        self.folder = os.path.join(str(folder), name)
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, 'ca.pem')
        self._openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=%s' % name, '-keyout', 'ca.key', '-out', 'ca.pem')
        open(os.path.join(self.folder, 'index'), 'w').close()
        with open(os.path.join(self.folder, 'ca.cnf'), 'w') as stream:
            stream.write(str(CONFIG % dict(folder=self.folder)))
        with open(self.path) as stream:
            self.certificate = stream.read()

    def issue(self, name, dates=VALID):
        """A certificate, with the authority's own behind it, and its key: (path, path)."""
        chain, key = (os.path.join(self.folder, name + dates[1] + suffix) for suffix in ('.pem', '.key'))
        if os.path.exists(chain):
            return chain, key
        self._openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=%s' % name, '-keyout', key, '-out', name + '.csr')
        self._openssl('ca', '-batch', '-config', 'ca.cnf', '-notext', '-in', name + '.csr', '-out', chain, '-startdate', dates[0], '-enddate', dates[1])
        with open(chain, 'a') as stream:
            stream.write(self.certificate)
        return chain, key

    def _openssl(self, *words):
        with open(os.path.join(self.folder, 'log'), 'ab') as log:
            subprocess.check_call([path_of('openssl')] + list(words), cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log)


class Manager(object):
    """A manager that keeps every connection whose certificate is of ``authority``, and says nothing.

    ``lost`` has what each of the others failed of.
    """

    def __init__(self, authority, chain, key):
        self._authority = authority
        self.certify(chain, key)
        self._server = socket.socket()
        self._server.bind(('127.0.0.1', 0))
        self._server.listen(5)
        self.target = 'ssl:127.0.0.1:%d' % self._server.getsockname()[1]
        self._kept, self.lost = [], []
        self._serving = _aside(self._serve)

    def certify(self, chain, key):
        """Use another certificate from the next connection on."""
        context = ssl.SSLContext(ssl.PROTOCOL_SSLv23)
        context.load_cert_chain(chain, key)
        context.load_verify_locations(self._authority.path)
        context.verify_mode = ssl.CERT_REQUIRED
        self._wrap = partial(context.wrap_socket, server_side=True)

    def take_time(self, seconds):
        """Let so long pass before it looks at a certificate, from the next connection on."""
        wrap = self._wrap

        def shake(client):
            _await_word(client)
            tls = wrap(client, do_handshake_on_connect=False)
            tls.setblocking(False)
            while True:
                try:
                    tls.do_handshake()
                    return tls
                except ssl.SSLWantReadError:
                    _await_word(tls)
                    time.sleep(seconds)
        self._wrap = shake

    def speak_plainly(self, text):
        """Answer whatever comes with a text, without TLS, from the next connection on."""
        def answer(client):
            client.recv(4096)
            client.sendall(text)
            return client
        self._wrap = answer

    def _serve(self):
        while True:
            try:
                client = self._server.accept()[0]
            except (IOError, OSError):
                return
            _aside(self._shake, client)

    def _shake(self, client):
        client.settimeout(PATIENCE)
        try:
            self._kept.append(self._wrap(client))
        except (IOError, OSError) as error:
            self.lost.append(str(error))
            client.close()

    @property
    def met(self):
        """How many connections came about."""
        return len(self._kept)

    def close(self):
        # A thread left in accept() would, once a signal had interrupted it, go on with the number of its socket, which is the next manager's by then.
        self._server.shutdown(socket.SHUT_RDWR)
        self._serving.join()
        self._server.close()
        for client in self._kept:
            client.close()


def _await_word(client):
    select.select([client], [], [], PATIENCE)


def _aside(function, *words):
    thread = threading.Thread(target=function, args=words)
    thread.daemon = True
    thread.start()
    return thread
