# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long ``make site`` takes on a fresh clone, and how long when nothing is left to do.

    python3 benchmarks/site.py FOLDER

Clones what is committed into FOLDER, which must not exist, and runs ``make site`` there twice, keeping its output in
FOLDER/first.log and FOLDER/second.log. No other clone may have a lab. Prints both times, their ratio and what the
second run changed; compare the ratio, since machines differ.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent


def make_site(clone, log):
    began = time.monotonic()
    with open(log, 'w', encoding='utf-8') as stream:
        subprocess.run(['make', 'site'], cwd=clone, check=True, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT)
    return time.monotonic() - began


def main(folder):
    subprocess.run(['git', 'clone', '--quiet', str(REPO), str(folder)], check=True)
    first, second = (make_site(folder, folder / name) for name in ('first.log', 'second.log'))
    changed = re.findall(r'^(\S+) +: .*changed=(\d+)', (folder / 'second.log').read_text(encoding='utf-8'), re.MULTILINE)
    print('first run   %6.1f s' % first)
    print('second run  %6.1f s, 1/%.1f of the first' % (second, first / second))
    print('changed by the second run: ' + ', '.join('%s %s' % pair for pair in changed))


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve())
