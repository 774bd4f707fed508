# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents name exists: files, headings, options, modules, playbooks, make targets and tests."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type

import glob
import io
import os
import re

import pytest
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
PLACES = ('README.md', 'CONTRIBUTING.md', 'docs/*.md', 'roles/*/README.md', 'molecule/lab/*.md', 'molecule/lab/xapi/*.md')
DOCUMENTS = sorted(os.path.relpath(path, ROOT) for place in PLACES for path in glob.glob(os.path.join(ROOT, place)))
# Of Open vSwitch, not of this Makefile.
MAKE_OF_OTHERS = {'check', 'dist', 'install'}


def read(*path):
    with io.open(os.path.join(ROOT, *path), encoding='utf-8') as stream:
        return stream.read()


def stems(*place):
    return {os.path.splitext(os.path.basename(path))[0] for path in glob.glob(os.path.join(ROOT, *place))}


def all_tests():
    """The files of tests, and the tests in them."""
    found = set()
    for top in ('tests', 'molecule'):
        for folder, dummy, names in os.walk(os.path.join(ROOT, top)):
            for name in (name for name in names if name.startswith('test_') and name.endswith('.py')):
                found.update([name[:-3]], re.findall(r'def (test_\w+)', read(folder, name)))
    return found


ROLES = stems('roles', '*')
MODULES = stems('plugins', 'modules', '*.py')
PLUGINS = stems('plugins', 'filter', '*.py') | stems('plugins', 'inventory', '*.py')
OPTIONS = {name for role in ROLES for name in yaml.safe_load(read('roles', role, 'meta', 'argument_specs.yml'))['argument_specs']['main']['options']}
# What the roles leave for others to read.
FACTS = {'ovs_verify_boot'}
TESTS = all_tests()


@pytest.fixture(params=DOCUMENTS)
def document(request):
    return request.param


def fenced(text, language=r'\w*'):
    """What stands in fences of code."""
    return re.findall(r'(?ms)^```%s\n(.*?)^```' % language, text)


def prose(text):
    return re.sub(r'(?ms)^```.*?^```', '', text)


def anchors(text):
    """The headings of a page, as GitHub makes fragments of them."""
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in re.findall(r'(?m)^#+ (.*)$', prose(text))}


def given(node):
    """The variables that a play, a role or an inventory gives."""
    if isinstance(node, list):
        return set().union(*map(given, node))
    if not isinstance(node, dict):
        return set()
    hosts = node['hosts'].values() if isinstance(node.get('hosts'), dict) else []
    return set().union(*([node.get('vars') or {}] + [variables or {} for variables in hosts] + [given(inner) for inner in node.values()]))


def test_every_link_leads_somewhere(document):
    for link in re.findall(r'\]\(([^)\s]+)\)', prose(read(document))):
        if link.startswith('https://'):
            continue
        path, dummy, anchor = link.partition('#')
        target = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
        assert os.path.exists(os.path.join(ROOT, target)), link
        assert not anchor or anchor in anchors(read(target)), link


def test_every_option_is_one(document):
    named = set(re.findall(r'\b(?:%s)_\w+' % '|'.join(sorted(ROLES)), read(document)))
    assert named - OPTIONS - FACTS - MODULES - ROLES == set()


def test_every_variable_of_an_example_is_an_option(document):
    for example in fenced(read(document), 'yaml'):
        assert {name for name in given(yaml.safe_load(example)) if not name.startswith('ansible_')} <= OPTIONS


def test_every_full_name_is_of_a_role_module_plugin_or_playbook(document):
    named = set(re.findall(r'\bxenserver\.openvswitch\.(\w+)', read(document)))
    assert named - ROLES - MODULES - PLUGINS - stems('playbooks', '*.yml') == set()


def test_every_make_target_is_one(document):
    targets = set(re.findall(r'(?m)^([a-z]+):', read('Makefile'))) | MAKE_OF_OTHERS
    named = re.findall(r'`make ([a-z]+)', read(document)) + re.findall(r'(?m)^(?:[#$] )?make ([a-z]+)', '\n'.join(fenced(read(document))))
    assert set(named) <= targets


def test_every_test_that_is_named_exists(document):
    assert set(re.findall(r'\btest_\w+', read(document))) <= TESTS


def test_the_readme_lists_every_role_and_module_once():
    listed = re.findall(r'(?m)^\| (?:\[(\w+)\]\(roles/\1\)|`(\w+)`) \|', read('README.md'))
    assert sorted(role for role, dummy in listed if role) == sorted(ROLES)
    assert sorted(module for dummy, module in listed if module) == sorted(MODULES)
