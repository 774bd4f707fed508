# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPM packages as plain dicts: read from files and from the database, named, compared.

A package is ``{name, epoch, version, release, arch, vendor, sha256_header, sha1_header, md5, signed, provides, obsoletes, kernels}``;
``epoch`` is text and '' where there is none, ``provides`` is a list of ``[name, evr]``, ``obsoletes`` a list of names,
``kernels`` a list of the kernels, as ``uname -r`` names them, below whose folder it has files.
"""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import hashlib
import os
import re
import struct

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.xenserver.openvswitch.plugins.module_utils import _cli

MAGIC = b'\xed\xab\xee\xdb'
# The parts of the file before the header: a lead of fixed size and the signatures, of which one tells the size of all that follows.
LEAD, INTRODUCTION, ENTRY, SIZE_FOLLOWS = 96, '>8xII', '>IIII', 1000
BLOCK = 1024 * 1024

# rpm expands globs, quotes and macros in the path of a package: `rpm -U 'a%(touch b).rpm'` runs touch.
_EXPANDED = re.compile(r'[\s%*?\[\]{}\\\'"]')

_SHA256_TAG = '%{SHA256HEADER}'
_FORMAT = '\t'.join([
    '%{NAME}', '%{EPOCH}', '%{VERSION}', '%{RELEASE}', '%{ARCH}', _SHA256_TAG, '%{SHA1HEADER}', '%{SIGMD5}',
    '%{SIGPGP:pgpsig}%{SIGGPG:pgpsig}%{RSAHEADER:pgpsig}%{DSAHEADER:pgpsig}',
    '[%{PROVIDENAME} %{PROVIDEVERSION}\\f]', '[%{OBSOLETENAME}\\f]', '[%{DIRNAMES}\\f]', '%{VENDOR}']) + '\\n'
_NONE = '(none)'
_KERNEL = re.compile(r'(?:/usr)?/lib/modules/([^/]+)/')


def parse(text):
    """The packages that rpm printed in the format of :func:`query`, in its order, each once.

    rpm tells that a package has no such tag by the words "(none)".
    """
    packages = []
    for line in text.split('\n'):  # not splitlines, which also splits at form feeds
        if line.count('\t') < 12:
            continue
        words = [('' if word == _NONE else word) for word in line.split('\t', 12)]
        package = dict(zip(('name', 'epoch', 'version', 'release', 'arch', 'sha256_header', 'sha1_header', 'md5'), words))
        package['signed'] = words[8].replace(_NONE, '') != ''
        package['provides'] = [item.split(' ', 1) for item in words[9].split('\f') if item]
        package['obsoletes'] = [item for item in words[10].split('\f') if item and item != _NONE]
        package['kernels'] = sorted(set(match.group(1) for match in map(_KERNEL.match, words[11].split('\f')) if match))
        package['vendor'] = words[12]
        packages.append(package)
    return packages


def query(arguments, time_limit):
    """Run ``rpm -q`` with ``arguments`` and return ``(packages, what it said on stderr)``.

    rpm before 4.14 does not know the SHA-256 of a header and says so for every package; then it is asked again without.
    """
    rpm = _cli.find('rpm')
    result = _cli.run([rpm, '-q', '--qf', _FORMAT] + arguments, time_limit, ok=None)
    if 'unknown tag' in result.err:
        older = _FORMAT.replace(_SHA256_TAG, _NONE)
        result = _cli.run([rpm, '-q', '--qf', older] + arguments, time_limit, ok=None)
    return parse(result.out), result.err


def read_files(paths, time_limit):
    """The packages in the files ``paths``, in that order, by one process.

    :raises CliError: one that names every file that is missing, is no RPM, is cut short or has a name that rpm would expand.
    """
    bad = ['%s: %s' % (path, reason) for path, reason in ((path, file_problem(path)) for path in paths) if reason]
    if bad:
        raise _cli.CliError('Not every file can be given to rpm: %s.' % '; '.join(bad))
    packages, complaint = query(['-p'] + paths, time_limit) if paths else ([], '')
    broken = [path for path in paths if '%s: not an rpm package' % path in complaint or 'open of %s failed' % path in complaint]
    if broken or len(packages) != len(paths):
        raise _cli.CliError('Not every file is a whole RPM: %s. Copy or build them again. rpm said: %s' % (
            ', '.join(broken or paths), complaint.strip()))
    return packages


def read_installed(names, time_limit):
    """The installed packages that are called, or provide, one of ``names``, by one process.

    Every package provides its own name, so that one question by Provides finds both.
    """
    if not names:
        return []
    packages, complaint = query(['--whatprovides'] + list(names), time_limit)
    errors = [line for line in complaint.splitlines() if line.startswith('error:')]
    if errors:
        raise _cli.CliError('The rpm database could not be read: %s' % ' '.join(errors))
    found = []
    for package in packages:
        if package not in found:
            found.append(package)
    return found


def nevra(package):
    """The package's full name as rpm prints it: name-[epoch:]version-release.arch."""
    epoch = package['epoch'] + ':' if package['epoch'] else ''
    return _join(package, epoch + package['version'])


def label(package):
    """The name by which ``rpm -e`` finds exactly this package; older rpm knows no epoch there."""
    return _join(package, package['version'])


def _join(package, version):
    arch = '.' + package['arch'] if package['arch'] else ''
    return '%s-%s-%s%s' % (package['name'], version, package['release'], arch)


def same_build(left, right):
    """True where both are one and the same build: equal names, versions and header digests.

    A rebuild has the names of the build before and another digest. The best digest that both sides have decides.
    """
    if nevra(left) != nevra(right):
        return False
    for digest in ('sha256_header', 'sha1_header', 'md5'):
        if left[digest] and right[digest]:
            return left[digest] == right[digest]
    return False


def compare(left, right):
    """-1, 0 or 1 as the epoch, version and release of ``left`` are older than, equal to or newer than those of ``right``."""
    for this, that in ((left['epoch'] or '0', right['epoch'] or '0'), (left['version'], right['version']), (left['release'], right['release'])):
        order = vercmp(this, that)
        if order:
            return order
    return 0


_SEGMENT = re.compile(r'[0-9]+|[A-Za-z]+|~|\^')


def vercmp(left, right):
    """Order two versions or releases as rpm does (rpm's manual, section "Version comparison").

    Runs of digits and of letters are compared in turn, all else only separates them; digits are newer than letters,
    ``~`` is older than the end and ``^`` newer than the end but older than anything else.
    """
    if left == right:
        return 0
    these, those = _SEGMENT.findall(left), _SEGMENT.findall(right)
    for position in range(max(len(these), len(those))):
        this = these[position] if position < len(these) else ''
        that = those[position] if position < len(those) else ''
        order = _order(this, that)
        if order:
            return order
    return 0


def _order(this, that):
    """Compare two segments, '' being the end of a version."""
    for sign, against_end in (('~', -1), ('^', 1)):
        if sign in (this, that):
            if this == that:
                return 0
            other = that if this == sign else this
            order = against_end if other == '' else -1
            return order if this == sign else -order
    if not this or not that:
        return 1 if this else -1
    if this.isdigit() != that.isdigit():
        return 1 if this.isdigit() else -1
    if this.isdigit():
        this, that = int(this), int(that)
    return (this > that) - (this < that)


def sha256(path):
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(to_bytes(path), 'rb') as stream:
        for block in iter(lambda: stream.read(BLOCK), b''):
            digest.update(block)
    return digest.hexdigest()


def file_problem(path):
    """Why rpm must not be given this path, or None."""
    if not path.startswith('/'):
        return 'no absolute path'
    if _EXPANDED.search(path):
        return 'rpm would expand characters of this path (a space, quote, backslash or one of %*?[]{}); rename the file'
    try:
        with open(to_bytes(path), 'rb') as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                return 'no RPM package'
            size = os.fstat(stream.fileno()).st_size
            return 'damaged, it ends too early; copy or build it again' if size < _whole_size(stream, size) else None
    except (IOError, OSError) as error:
        return error.strerror


def _whole_size(stream, size):
    """The size that an RPM file of ``size`` bytes must have at least, as its signatures tell it."""
    stream.seek(LEAD)
    introduction = stream.read(struct.calcsize(INTRODUCTION))
    begin = LEAD + struct.calcsize(INTRODUCTION)
    if size < begin:
        return begin
    entries, store = struct.unpack(INTRODUCTION, introduction)
    index = entries * struct.calcsize(ENTRY)
    end = begin + index + store
    if size < end:
        return end
    signatures = stream.read(index + store)
    for number in range(entries):
        tag, dummy, offset, dummy = struct.unpack_from(ENTRY, signatures, number * struct.calcsize(ENTRY))
        if tag == SIZE_FOLLOWS and offset + 4 <= store:
            return end + -end % 8 + struct.unpack_from('>I', signatures, index + offset)[0]
    return end
