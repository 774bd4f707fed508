# What can be done here. The work is in .ci/ (set-up, whole test run), noxfile.py (each check) and molecule/ (lab, scenarios).
export CI_STARTED := $(shell date +%s.%N)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
LAB := ANSIBLE_CONFIG=molecule/lab/ansible.cfg ANSIBLE_COLLECTIONS_PATH=.cache/collections

.PHONY: help site test lint unit sanity molecule clean
help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 24

site:  ## the lab, and playbooks/site.yml on it: from source to managed hosts
	@.ci/setup lab
	@molecule/lab/lab.py up
	$(LAB) ansible-playbook -i molecule/lab/inventory playbooks/site.yml $(ARGS)

test:  ## everything that must pass
	@.ci/setup lab
	@python .ci/test.py

lint:  ## the static checks
	@.ci/setup tools
	@nox

unit:  ## the unit tests with their coverage, then on the oldest and the newest Pythons
	@.ci/setup tools
	@nox -s units units-pythons

sanity:  ## ansible-test sanity on the oldest and the newest core
	@.ci/setup tools
	@nox -s sanity

molecule:  ## all scenarios on the lab, or one: SCENARIO=build
	@.ci/setup lab
	@python .ci/molecule.py $(SCENARIO)

clean:  ## remove the lab and all that was made here
	@if command -v podman >/dev/null && [ -d .cache/lab ]; then molecule/lab/lab.py clean; fi
	rm -rf .venv .nox .cache artifacts tests/output
