# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`xe`, the half that a person starts: it hands the command line to XAPI and prints what comes back."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import json
import os
import socket
import sys

USAGE = """Usage: xe [-s SERVER] [-p PORT] [-u USERNAME -pw PASSWORD | -pwf FILE] [--minimal] COMMAND [NAME=VALUE ...]

xe help lists the commands.
"""
OPTIONS = {'-s': 'server', '-h': 'server', '-p': 'port', '-u': 'username', '-pw': 'password', '-pwf': 'passwordfile'}
IGNORED = ('--nossl', '--debug', '--debug-on-fail')


def split(words):
    """The client's own options, taken out of a command line: (options, the rest)."""
    options, rest = {}, []
    words = list(words)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition('=')
        if word in OPTIONS and words:
            options[OPTIONS[word]] = words.pop(0)
        elif equals and name in OPTIONS.values():
            options[name] = value
        elif word not in IGNORED:
            rest.append(word)
    return options, rest


def read(name):
    try:
        with open(name, encoding='utf-8') as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError):
        return None


def credentials(options):
    """(user, password): root and a word that is no password, where none are given.

    :raises OSError: there is no password file, or nothing in it.
    """
    if 'passwordfile' not in options:
        return options.get('username', 'root'), options.get('password', 'null')
    text = read(options['passwordfile'])
    if text is None:
        raise OSError("Error opening password file '%s'" % options['passwordfile'])
    if len(text.splitlines()) < 2:
        raise OSError('Error: password file format: expecting username on the first line, password on the second line')
    return tuple(text.splitlines()[:2])


def connect(options, path):
    """A connection to XAPI: the local socket, else TCP as the real client does."""
    if 'server' not in options:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
    return socket.create_connection((options.get('server', '127.0.0.1'), int(options.get('port', 80))))


def ask(connection, body):
    """What XAPI answers. By hand, since importing http.client takes as long as all the rest of this program.

    :raises ValueError: the answer is cut off.
    """
    connection.sendall(b'POST /cli HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body))
    with connection.makefile('rb') as stream:
        return json.loads(stream.read().partition(b'\r\n\r\n')[2])


def main():
    options, words = split(sys.argv[1:])
    try:
        login = credentials(options)
    except OSError as error:
        sys.stderr.write('%s\n' % error)
        return 1
    if not options.get('port', '0').isdigit() or int(options.get('port', '0')) > 65535:
        sys.stderr.write('Port number must be an integer (0-65535)\n' + USAGE)
        return 0
    if not words or '--help' in words or '-help' in words:
        sys.stderr.write(USAGE)
        return 0
    words += ['username=' + login[0], 'password=' + login[1]]
    files = {value: read(value) for name, dummy, value in (word.partition('=') for word in words) if name in ('filename', 'file-name')}
    body = json.dumps(dict(words=words, files=files)).encode()
    try:
        answer = ask(connect(options, os.environ.get('LAB_XAPI_SOCKET', '/var/lib/xcp/xapi')), body)
    except (ValueError, ConnectionResetError):
        sys.stderr.write('Lost connection to the server.\n')
        return 1
    except OSError as error:
        sys.stderr.write('Error: %s (calling connect )\n' % os.strerror(error.errno or 0))
        return 1
    for stream, text in answer['output']:
        (sys.stdout if stream == 1 else sys.stderr).write(text + '\n' if stream == 1 else text)
        sys.stdout.flush()
    return answer['status']


if __name__ == '__main__':
    sys.exit(main())
