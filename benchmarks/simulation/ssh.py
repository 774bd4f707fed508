#!/bin/sh
# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"exec" "python3" "$0" "$@"  # what sh does; to Python it is a string

__doc__ = """In place of ssh: calls it, and notes what was sent and what came back, a line for each call in FLEET_FOLDER/HOST.jsonl. See record.py."""

import json
import os
import subprocess
import sys


def main(arguments):
    # -O speaks to the connection that is shared, not to the host.
    if '-O' in arguments:
        return subprocess.run(['ssh', *arguments], check=False).returncode
    given = b'' if sys.stdin.isatty() else sys.stdin.buffer.read()
    done = subprocess.run(['ssh', *arguments], input=given, stdout=subprocess.PIPE, check=False)
    host, command = arguments[-2:]
    with open(os.path.join(os.environ['FLEET_FOLDER'], host + '.jsonl'), 'a', encoding='utf-8') as stream:
        stream.write(json.dumps(dict(command=command, given=given.decode(), said=done.stdout.decode())) + '\n')
    sys.stdout.buffer.write(done.stdout)
    return done.returncode


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
