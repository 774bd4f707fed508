# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of execution-environment.yml does what a control node does. `.ci/execution_environment.py` builds it and runs this."""

import json
import pathlib
import subprocess

import pytest

IMAGE = 'localhost/xenserver-openvswitch-ee'
GROUPS = ('ovs_builder', 'ovs_ddk', 'xenserver')
PLAYBOOKS = sorted('xenserver.openvswitch.' + path.stem for path in (pathlib.Path(__file__).parents[2] / 'playbooks').glob('*.yml'))


@pytest.fixture
def image(tmp_path):
    """``image(program, argument...)``: a run in a container of the image, without a network; ``tmp_path`` is its /runner."""
    tmp_path.chmod(0o777)  # the image's user is none of this machine's

    def run(*argv):
        return subprocess.run(['podman', 'run', '--rm', '--network=none', '--volume=%s:/runner' % tmp_path, IMAGE, *argv],
                              capture_output=True, text=True, timeout=120, check=False)
    return run


def test_the_core_that_reaches_a_dom0(image):
    assert image('ansible', '--version').stdout.startswith('ansible [core 2.16.')


def test_ssh(image):
    assert image('ssh', '-V').stderr.startswith('OpenSSH')


def test_playbooks_by_name(image, tmp_path):
    """With a host in each group, so that no play is left out."""
    (tmp_path / 'hosts.yml').write_text(json.dumps(dict(all=dict(children={group: dict(hosts=dict(xs1={})) for group in GROUPS}))))
    found = image('ansible-playbook', '-i', '/runner/hosts.yml', '--syntax-check', *PLAYBOOKS)
    assert found.returncode == 0, found.stderr
    assert [line.rpartition('/')[2] for line in found.stdout.split()[1::2]] == [name.rpartition('.')[2] + '.yml' for name in PLAYBOOKS], found.stdout


def test_the_inventory_plugin_has_its_library(image, tmp_path):
    asked = dict(plugin='xenserver.openvswitch.xapi_pools', pools=[dict(address='127.0.0.1')], password='x')
    (tmp_path / 'fleet.xapi_pools.yml').write_text(json.dumps(asked))
    found = image('ansible-inventory', '-i', '/runner/fleet.xapi_pools.yml', '--list')
    assert '127.0.0.1 does not answer as XAPI' in ' '.join(found.stderr.split()), found.stderr


def test_ansible_runner_runs_a_role(image, tmp_path):
    """In the image's own file tree, which is no dom0: the role says so."""
    for folder, name, text in (
            ('inventory', 'hosts', 'here ansible_connection=local ansible_python_interpreter=/usr/local/bin/python3\n'),
            ('project', 'play.yml', json.dumps([dict(hosts='here', gather_facts=False, roles=['xenserver.openvswitch.ovs_install'])]))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    found = image('ansible-runner', 'run', '/runner', '-p', 'play.yml')
    assert found.returncode == 2 and 'not a XenServer or XCP-ng dom0' in ' '.join(found.stdout.split()), found.stdout
