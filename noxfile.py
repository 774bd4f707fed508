# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check by name: `nox --list`. Without a name nox runs the static ones; `make` runs these sessions and no others.

The sessions use the tools beside the nox that runs them (.venv, from requirements-dev.txt), so that a session starts
at once and a developer's run is the automatic one.
"""

import os
import pathlib
import sys

import antsibull_nox
import nox

nox.needs_version = ">=2026.10"
nox.options.reuse_existing_virtualenvs = True

REPO = pathlib.Path(__file__).resolve().parent
COLLECTIONS = REPO / ".cache/collections"
COLLECTION = COLLECTIONS / "ansible_collections/xenserver/openvswitch"
JUNIT = REPO / ".cache/junit"
OPENVSWITCH = REPO / ".cache/openvswitch/bin"
ENVIRONMENT = {
    "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    "PATH": os.pathsep.join((str(pathlib.Path(sys.executable).parent), os.environ["PATH"])),
    "PYTHONPATH": str(COLLECTIONS),
}
# The share of plugins/ that the unit tests must reach, lines and branches together.
COVERAGE = 95


# docs-check, extra-checks and build-import-check, as antsibull-nox.toml asks for them.
antsibull_nox.load_antsibull_nox_toml()
nox.options.sessions = [
    "yamllint", "ansible-lint", "old-syntax", "shellcheck", "workflows", "changelog", "docs-check", "extra-checks", "build-import-check",
]


def tracked(session):
    """The files of the tree, those not yet committed among them."""
    listing = session.run("git", "ls-files", "-coz", "--exclude-standard", silent=True, external=True)
    return [name for name in listing.split("\0") if name and pathlib.Path(name).is_file()]


def run(session, *command, env=None, **kwargs):
    session.run(*command, external=True, env=dict(ENVIRONMENT, **(env or {})), **kwargs)


@nox.session(venv_backend="none")
def yamllint(session):
    """YAML, by the rules of ansible-test and ansible-lint."""
    run(session, "yamllint", "--strict", ".")


@nox.session(venv_backend="none", name="ansible-lint")
def ansible_lint(session):
    """Roles, playbooks and scenarios: the production profile, without exceptions."""
    run(session, "ansible-lint", "--offline", "--strict", "--profile", "production", "--nocolor", "-q")


@nox.session(venv_backend="none", name="old-syntax")
def old_syntax(session):
    """What runs on hosts keeps to Python 2.7 and 3.6."""
    run(session, "vermin", "--target=2.7-", "--target=3.6-", "--violations", "--no-tips", "plugins/modules", "plugins/module_utils")


@nox.session(venv_backend="none")
def shellcheck(session):
    """Every shell script, found by its name or its first line; a .py that starts itself through sh is none."""
    def is_shell(name):
        with open(name, "rb") as stream:
            words = stream.readline().replace(b"/", b" ").split()
        return name.endswith(".sh") or (words[:1] == [b"#!"] and {b"sh", b"bash"} & set(words) and not name.endswith(".py"))

    scripts = [name for name in tracked(session) if is_shell(name)]
    run(session, "shellcheck", "--external-sources", *scripts)


@nox.session(venv_backend="none")
def workflows(session):
    """The workflows: their schema, and what an attacker could do with them."""
    files = sorted(str(path) for path in pathlib.Path(".github/workflows").glob("*.yml"))
    run(session, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    run(session, "zizmor", "--offline", "--no-progress", "--persona", "pedantic", ".github/workflows")


@nox.session(venv_backend="none")
def changelog(session):
    """The fragments of the next release."""
    run(session, "antsibull-changelog", "lint")


@nox.session(venv_backend="none")
def units(session):
    """All unit tests on this Python, with the coverage of plugins/; a test that lacks its real tool fails instead of being skipped."""
    JUNIT.mkdir(parents=True, exist_ok=True)
    session.chdir(COLLECTION)
    options = session.posargs or [
        "--cov=plugins", "--cov-branch", "--cov-report=term:skip-covered", f"--cov-fail-under={COVERAGE}", f"--junit-xml={JUNIT}/units.xml",
    ]
    tools = {"PATH": os.pathsep.join((ENVIRONMENT["PATH"], str(OPENVSWITCH))), "OVS_TEST_REQUIRE_TOOLS": "1"}
    run(session, "pytest", "--quiet", "tests/unit", *options, env=tools)


@nox.session(venv_backend="none", name="units-pythons")
def units_pythons(session):
    """The modules' unit tests on the oldest and newest Pythons that are here, by ansible-test."""
    run(session, sys.executable, ".ci/ansible_test.py", "units")


@nox.session(venv_backend="none")
def sanity(session):
    """ansible-test sanity on the oldest and the newest core, without exceptions."""
    run(session, sys.executable, ".ci/ansible_test.py", "sanity")


@nox.session(venv_backend="none", name="ansible-test")
def ansible_test(session):
    """sanity and units-pythons in one go, both cores side by side."""
    run(session, sys.executable, ".ci/ansible_test.py", "sanity", "units")
