# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles by ansible-playbook on the core in use, in a collection whose modules give the answers that a test has for them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).absolute().parents[3]
# What a role asks is noted before the answer is given.
MODULE = '''#!{python}
# WANT_JSON
import json, sys
with open(sys.argv[1]) as stream:
    asked = json.load(stream)
name = asked['_ansible_module_name'].rpartition('.')[2]
with open({folder!r} + '/asked', 'a') as stream:
    stream.write(name + '\\n')
with open({folder!r} + '/answers.json') as stream:
    answer = json.load(stream).get(name, {{}})
with open({folder!r} + '/asked') as stream:
    number = stream.read().split().count(name)
print(json.dumps(answer[number - 1] if isinstance(answer, list) else answer))
'''
HOST = dict(is_xenserver=True, pending_reboot=[], xenserver=dict(
    version='8.3.0', generation='systemd', kernel='4.19.0+1', machine='x86_64', network_backend='openvswitch'))
SWITCH = dict(installed=True, rpms=[], pending_reboot=[], pending_restart=[])
FORESEEN = dict(
    pool=dict(uuid='u-1', hosts=[]), manager='ssl:192.0.2.10:6632', unread=None, lost_words='', cut_off=[], host_uuid='u-2', switch={}, targets=[])


class Run:
    """A finished run, and the modules of the collection that it asked, in their order."""

    def __init__(self, finished, asked):
        self.rc, self.text = finished.returncode, finished.stdout
        self.words = ' '.join(self.text.split())
        self.asked = asked.read_text(encoding='utf-8').split() if asked.exists() else []


@pytest.fixture
def play(tmp_path):
    """``play(roles, *arguments, variables={}, module=answer)``: the roles, of which there may be one, on a host whose connection is local."""
    collection = tmp_path / 'collections/ansible_collections/xenserver/openvswitch'
    (collection / 'plugins/modules').mkdir(parents=True)
    for name in ('roles', 'meta', 'plugins/filter', 'plugins/module_utils', 'plugins/plugin_utils'):
        (collection / name).symlink_to(ROOT / name)
    for module in (ROOT / 'plugins/modules').glob('*.py'):
        (collection / 'plugins/modules' / module.name).write_text(MODULE.format(python=sys.executable, folder=str(tmp_path)), encoding='utf-8')

    def run(names, *arguments, variables=None, **answers):
        (tmp_path / 'answers.json').write_text(json.dumps(answers), encoding='utf-8')
        roles = [dict(role='xenserver.openvswitch.' + role, vars=variables or {}) for role in names.split()]
        own = dict(ansible_python_interpreter=sys.executable)
        (tmp_path / 'play.yml').write_text(json.dumps([dict(hosts='xs1', gather_facts=False, connection='local', vars=own, roles=roles)]), encoding='utf-8')
        environment = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(tmp_path / 'collections'), ANSIBLE_STDOUT_CALLBACK='ansible.builtin.default',
                           ANSIBLE_NOCOLOR='1', ANSIBLE_LOCAL_TEMP=str(tmp_path / 'local'), ANSIBLE_REMOTE_TEMP=str(tmp_path / 'remote'))
        command = [sys.executable, '-m', 'ansible.cli.playbook', '-i', 'xs1,', str(tmp_path / 'play.yml'), *arguments]
        (tmp_path / 'started').mkdir(exist_ok=True)
        done = subprocess.run(command, cwd=tmp_path / 'started', env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return Run(done, tmp_path / 'asked')
    return run


@pytest.fixture
def artifacts(tmp_path):
    """The folder of the controller with one package for systemd hosts."""
    folder = tmp_path / 'artifacts/systemd'
    folder.mkdir(parents=True)
    rpm = dict(name='openvswitch', nevra='openvswitch-3.1.0-1.x86_64', arch='x86_64', path='/x/openvswitch-3.1.0-1.x86_64.rpm', kernels=[], sha256='0' * 64,
               size=1, header_sha1='1')
    (folder / 'manifest.json').write_text(json.dumps(dict(rpms=[rpm])), encoding='utf-8')
    return str(folder.parent)


@pytest.mark.parametrize('types, asked', [([], []), (['gre'], ['ovs_protocol']), ('gre,vxlan', ['ovs_protocol'])], ids=['none', 'one', 'as text'])
def test_tunnels(play, types, asked):
    run = play('ovs_tunnels', variables=dict(ovs_tunnels_types=types))
    assert run.rc == 0 and run.asked == asked and 'Conditional result' not in run.text, run.text


def repository(tmp_path):
    """The path of a Git repository with one commit."""
    for command in (['init', '-q'], ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'a']):
        subprocess.run(['git', '-C', str(tmp_path), *command], check=True)
    return str(tmp_path)


def test_check_mode_goes_on_where_the_source_was_not_cloned_yet(play, tmp_path):
    run = play('ovs_dist', '--check', variables=dict(ovs_dist_source=str(tmp_path / 'clone'), ovs_dist_repository=repository(tmp_path)))
    assert run.rc == 0 and run.asked == [] and 'changed=1' in run.text, run.text


def test_check_mode_goes_on_where_a_host_has_no_folder_for_what_it_fetches(play, artifacts, tmp_path):
    variables = dict(ovs_install_artifacts=artifacts, ovs_install_folder=str(tmp_path / 'none'), ovs_install_url='http://127.0.0.1:9/systemd')
    run = play('ovs_install', '--check', variables=variables, xenserver_info=HOST, ovs_info=SWITCH)
    assert run.rc == 0 and run.asked[-2:] == ['rpm_package', 'network_backend'], run.text


def test_packages_that_are_given_as_text(play, artifacts):
    run = play('ovs_install', '--check', '-e', 'ovs_install_packages=openvswitch,openvswitch-ipsec', variables=dict(ovs_install_artifacts=artifacts),
               xenserver_info=HOST, ovs_info=SWITCH)
    assert run.rc != 0 and 'It does not hold openvswitch-ipsec, but openvswitch:' in run.words, run.text


@pytest.mark.parametrize('version, refused', [('5.6.0', True), ('5.6.100', False)])
def test_the_oldest_xenserver_that_is_served(play, artifacts, version, refused):
    host = dict(HOST, xenserver=dict(HOST['xenserver'], version=version))
    run = play('ovs_install', variables=dict(ovs_install_artifacts=artifacts), xenserver_info=host, ovs_info=SWITCH)
    assert ('xs1 is XenServer 5.6.0' in run.words) == refused and ('ovs_info' in run.asked) != refused, run.text


def test_check_mode_goes_on_where_the_controller_has_no_folder_for_patches(play, tmp_path):
    variables = dict(ovs_build_version='3.1.0', ovs_build_tarball=str(tmp_path / 'none.tar.gz'), ovs_build_artifacts=str(tmp_path / 'artifacts'),
                     ovs_build_patches=[dict(url='http://127.0.0.1:9/a.patch', sha256='0' * 64)])
    run = play('ovs_build', '--check', variables=variables, ddk_info=ddk(tmp_path), rpmbuild=made())
    assert run.rc == 0 and run.asked == ['python_bootstrap', 'ddk_info', 'rpmbuild'], run.text


def ddk(tmp_path, *generations, **files):
    """The answer of ddk_info: a DDK that has these files, and builds for these generations, or one of them."""
    builds = [dict(generation=generation, kernel=None, defines={}, without=[]) for generation in generations or ['systemd']]
    return dict(problems=[], missing=[], folder=str(tmp_path / 'ddk'), files=files, builds=builds)


def made(*paths, manifest='/x/a.json'):
    """The answer of a build that is up to date."""
    return dict(changed=False, manifest=manifest, inputs={}, rpms=[dict(path=path, nevra='a-1-1.noarch', sha256='0' * 64) for path in paths])


@pytest.fixture
def spec(tmp_path):
    """Variables for ovs_build, with a spec of one's own that is on the controller, as are the tarball and a patch; and the digests of all three."""
    files = {'openvswitch-3.1.0.tar.gz': 'tarball', 'own.spec': 'spec', 'a.patch': 'patch'}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding='utf-8')
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    return dict(ovs_build_version='3.1.0', ovs_build_tarball=str(tmp_path / 'openvswitch-3.1.0.tar.gz'), ovs_build_artifacts=str(tmp_path / 'artifacts'),
                ovs_build_spec='path', ovs_build_spec_path=str(tmp_path / 'own.spec')), digests


def built(run):
    """Whether the task that builds had a change, or foresaw one."""
    task = run.text.split('[xenserver.openvswitch.ovs_build : Build the RPMs]')[1].split('TASK [')[0]
    return 'changed: [xs1]' in task


@pytest.mark.parametrize('old, foreseen', [(None, False), ('own.spec', True), ('openvswitch-3.1.0.tar.gz', True)])
def test_check_mode_foresees_a_build_where_it_has_only_foreseen_what_goes_in(play, tmp_path, spec, old, foreseen):
    variables, digests = spec
    files = dict(digests, **({old: '0' * 64} if old else {}))
    run = play('ovs_build', '--check', variables=variables, ddk_info=ddk(tmp_path, **files), rpmbuild=made())
    assert run.rc == 0 and built(run) == foreseen, run.text


@pytest.mark.parametrize('digest, foreseen', [('a.patch', False), (None, True)])
def test_check_mode_foresees_a_build_where_a_patch_is_another(play, tmp_path, spec, digest, foreseen):
    """Whose file in the DDK is the old one, whether the controller could fetch the new one or not."""
    variables, digests = spec
    (tmp_path / 'own.spec').write_text('openvswitch_patches', encoding='utf-8')
    digests['own.spec'] = hashlib.sha256(b'openvswitch_patches').hexdigest()
    patch = dict(url='http://127.0.0.1:9/a.patch', sha256=digests['a.patch'].upper() if digest else '0' * 64)
    run = play('ovs_build', '--check', variables=dict(variables, ovs_build_patches=[patch]), ddk_info=ddk(tmp_path, **digests), rpmbuild=made())
    assert run.rc == 0 and built(run) == foreseen, run.text


@pytest.mark.parametrize('name, digest, foreseen', [
    ('openvswitch-3.1.0.tar.gz', 'openvswitch-3.1.0.tar.gz', False), ('openvswitch-3.1.0.tar.gz', None, True), ('openvswitch-3.2.0.tar.gz', None, False)],
    ids=['as it was', 'made anew', 'of another version'])
def test_check_mode_foresees_a_build_from_a_tarball_that_is_foreseen(play, tmp_path, spec, name, digest, foreseen):
    variables, digests = spec
    dist = dict(changed=not digest, tarball='/x/' + name, sha256=digests.get(digest))
    answers = dict(ddk_info=ddk(tmp_path, **digests), rpmbuild=made())
    run = play('ovs_dist ovs_build', '--check', variables=dict(variables, ovs_dist_source='/x'), ovs_dist=dist, **answers)
    assert run.rc == 0 and built(run) == foreseen, run.text


def test_check_mode_looks_at_what_the_builder_has_foreseen_and_a_real_run_at_what_was_brought(play, tmp_path, spec):
    variables, digests = spec
    dist = dict(changed=True, tarball='/x/openvswitch-3.1.0.tar.gz', sha256=None)
    (tmp_path / 'groups.json').write_text(json.dumps(dict(ovs_builder=dict(hosts=dict(made=dict(ovs_dist_result=dist), idle={})))), encoding='utf-8')
    for arguments, foreseen in ((['--check'], True), ([], False)):
        run = play('ovs_build', *arguments, '-i', str(tmp_path / 'groups.json'), variables=variables, ddk_info=ddk(tmp_path, **digests), rpmbuild=made())
        assert run.rc == 0 and built(run) == foreseen, run.text


def test_check_mode_foresees_a_build_of_a_source_that_is_not_cloned_yet(play, tmp_path, spec):
    variables, digests = spec
    git = dict(ovs_dist_source=str(tmp_path / 'clone'), ovs_dist_repository=repository(tmp_path))
    run = play('ovs_dist ovs_build', '--check', variables=dict(variables, **git), ddk_info=ddk(tmp_path, **digests), rpmbuild=made())
    assert run.rc == 0 and built(run), run.text


def test_builds_that_overwrite_each_other_are_told_before_anything_is_brought(play, tmp_path, spec):
    """The answer is the same for both generations, as of a spec that makes the same names for both, but not of the same manifest."""
    variables, digests = dict(spec[0], ovs_build_generations=['systemd', 'sysv']), spec[1]
    (tmp_path / 'a.rpm').write_text('')
    answers = dict(ddk_info=ddk(tmp_path, 'systemd', 'sysv', **digests))
    run = play('ovs_build', variables=variables, rpmbuild=[made(str(tmp_path / 'a.rpm')), made(str(tmp_path / 'a.rpm'), manifest='/x/b.json')], **answers)
    assert run.rc != 0 and not (tmp_path / 'artifacts').exists(), run.text
    assert str(tmp_path / 'a.rpm') in run.words and 'xenserver_generation' in run.words and '--without userspace' in run.words, run.text
    run = play('ovs_build', variables=variables, rpmbuild=made(str(tmp_path / 'a.rpm')), **answers)
    assert run.rc == 0, run.text


@pytest.mark.parametrize('generations, refused', [(['systemd', 'sysv'], True), (['sysv'], False)])
def test_one_release_for_both_generations_is_refused_before_anything_else(play, tmp_path, spec, generations, refused):
    variables = dict(spec[0], ovs_build_generations=generations, ovs_build_defines=dict(openvswitch_dist='%{nil}'))
    run = play('ovs_build', variables=variables, ddk_info=ddk(tmp_path, 'sysv', **spec[1]), rpmbuild=made())
    assert (run.rc != 0) == refused and ('openvswitch_dist' in run.words and run.asked == []) == refused, run.text


def test_artifacts_are_looked_for_where_ansible_was_started(play, tmp_path):
    """Not beside the playbook, which may be in the folder of the installed collection."""
    for run in (play('ovs_build', variables=dict(ovs_build_version='3.1.0')), play('ovs_install', xenserver_info=HOST)):
        assert run.rc != 0 and 'There is no' in run.words and str(tmp_path / 'started/artifacts') in run.words, run.text
    for name in ('systemd/manifest.json', 'openvswitch-3.1.0.tar.gz'):
        path = tmp_path / 'started/artifacts' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"rpms": []}', encoding='utf-8')
    run = play('ovs_install', xenserver_info=HOST)
    assert 'It does not hold openvswitch' in run.words, run.text
    sources = dict(ovs_build_version='3.1.0', ovs_build_folder=str(tmp_path / 'ddk'))
    run = play('ovs_build', variables=sources, ddk_info=dict(problems=[], missing=[], folder=str(tmp_path / 'ddk'), files={}, builds=[]))
    assert run.rc == 0 and (tmp_path / 'ddk/openvswitch-3.1.0.tar.gz').exists(), run.text
    run = play('ovs_dist', variables=dict(ovs_dist_source='/x'), ovs_dist=dict(tarball=str(tmp_path / 'play.yml')))
    assert run.rc == 0 and (tmp_path / 'started/artifacts/play.yml').exists(), run.text


def test_a_reboot_that_is_always_asked_for_is_the_reason(play):
    run = play('xenserver_reboot', variables=dict(xenserver_reboot_always=True), xenserver_info=HOST, ovs_info=SWITCH)
    assert run.rc == 0 and 'as soon as possible (xenserver_reboot_always is set)' in run.words, run.text


@pytest.mark.parametrize('content', [None, '', '-----BEGIN PRIVATE KEY-----'], ids=['no file', 'empty', 'a key'])
def test_an_authority_without_a_certificate_is_refused_before_anything_else(play, tmp_path, content):
    path = tmp_path / 'ca.pem'
    if content is not None:
        path.write_text(content, encoding='utf-8')
    run = play('ovs_manager', variables=dict(ovs_manager_address='192.0.2.10', ovs_manager_ca_certificate=str(path)))
    assert run.rc != 0 and run.asked == [] and 'which is no PEM file with a certificate on the controller' in run.words, run.text


def test_an_authority_with_its_key_is_refused_before_anything_else(play, tmp_path):
    (tmp_path / 'ca.pem').write_text('-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\n', encoding='utf-8')
    run = play('ovs_manager', variables=dict(ovs_manager_address='192.0.2.10', ovs_manager_ca_certificate=str(tmp_path / 'ca.pem')))
    assert run.rc != 0 and run.asked == [] and 'which holds a private key beside the certificate' in run.words, run.text
    assert 'PRIVATE KEY' not in run.text


@pytest.mark.parametrize('port', [0, 65536])
def test_a_port_that_is_none_is_refused_before_anything_else(play, port):
    run = play('ovs_manager', variables=dict(ovs_manager_address='192.0.2.10', ovs_manager_port=port))
    assert run.rc != 0 and run.asked == [] and 'a TCP port is a number from 1 to 65535' in run.words, run.text


def test_an_authority_is_trusted_after_the_manager_was_set(play, tmp_path):
    (tmp_path / 'ca.pem').write_text('-----BEGIN CERTIFICATE-----\n', encoding='utf-8')
    variables = dict(ovs_manager_address='192.0.2.10', ovs_manager_ca_certificate=str(tmp_path / 'ca.pem'))
    run = play('ovs_manager', variables=variables, xapi_ovs_update=FORESEEN)
    assert run.rc == 0 and run.asked == ['xapi_ovs_update', 'xapi_sdn_controller', 'xapi_ovs_update', 'ovs_trust', 'ovs_manager'], run.text


def test_packages_that_cannot_be_removed_leave_the_backend_alone(play):
    run = play('ovs_uninstall', rpm_package=dict(failed=True, msg='openvswitch is needed by (installed) openvswitch-ipsec'))
    assert run.rc != 0 and run.asked == ['rpm_package'], run.text
    run = play('ovs_uninstall')
    assert run.rc == 0 and run.asked[1:] == ['rpm_package', 'network_backend', 'rpm_package'], run.text


def test_an_upgrade_without_a_survey_is_refused(play):
    run = play('ovs_upgrade')
    assert run.rc != 0 and run.asked == [] and 'xs1 was left alone' in run.words and 'xenserver.openvswitch.upgrade' in run.words, run.text


def test_an_upgrade_takes_numbers_that_are_given_as_text(play):
    surveyed = dict(ovs_upgrade_reasons=['due'], ovs_upgrade_member=dict(pool='u-1'))
    run = play('ovs_upgrade', '-e', 'ovs_upgrade_max_fail=2', variables=surveyed)
    assert 'An upgrade reboots hosts one after another' in run.words, run.text
