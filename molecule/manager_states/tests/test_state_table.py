"""Every state that XAPI and Open vSwitch can be in together, and what the role, a toolstack restart and a reboot make of it.

What is expected is written down cell by cell, after what XAPI's plugins do: openvswitch-config-update of xapi-project/xen-api compares whole
targets; openvswitch-cfg-update, as upstream's of Open vSwitch 2.3.2 and later, the addresses of all ssl targets. Both reset the switch before they set
or remove a manager, and leave it alone where one fits, others beside it included.
"""

import itertools
import types
from typing import NamedTuple

import pytest

from conftest import CONTROLLER_ADDRESS, NUMBER, PROJECT, TARGET
from dom0 import MARK, PASSIVE_CA, SYSV, A, B, held, is_marked, manager_options, managers, on_all

AUTHORITY = PROJECT / ".cache/lab/tls/ca.pem"
# The coordinator first.
POOLS = {"systemd": [A, B], "sysv": [SYSV]}
# The managers that the table speaks of: the one that is asked for (W), the controller's other port, one elsewhere (nothing listens there), one more (X).
WANTED = {"ssl": TARGET, "pssl": "pssl:6640"}
EXTRA = "ptcp:6641:127.0.0.1"
# None, a match, a different one, and a match with another beside it. Which port is another one is a question of the plugin.
OVS = {"none": "", "match": "W", "port": f"ssl:{CONTROLLER_ADDRESS}:6640", "elsewhere": f"ssl:10.213.{NUMBER}.11:6632", "extra": "WX"}


class Cell(NamedTuple):
    generation: str
    protocol: str
    xapi: str      # unset, or set to what the role is asked for
    ovs: str       # a key of OVS
    alone: str     # the managers after a toolstack restart, without the role
    kept: bool     # whether settings that emer-reset drops outlive that restart
    changed: bool  # whether the role changes something
    managed: str   # the managers after the role, and after a toolstack restart then; W is connected
    spared: bool   # whether settings that emer-reset drops outlive the role
    rebooted: str  # the managers after a reboot

    def __str__(self):
        return f"{self.generation}-{self.protocol}-{self.xapi}-{self.ovs}"


yes, no = True, False
TABLE = [
    # generation protocol XAPI     OVS          alone kept  changed managed spared rebooted
    # XAPI's own plugin compares whole lines. The database is gone with the boot.
    Cell("systemd", "ssl", "unset", "none",      "",   yes,  yes,   "W",    no,    "W"),
    Cell("systemd", "ssl", "unset", "match",     "",   no,   yes,   "W",    yes,   "W"),
    Cell("systemd", "ssl", "unset", "elsewhere", "",   no,   yes,   "W",    no,    "W"),
    Cell("systemd", "ssl", "unset", "extra",     "",   no,   yes,   "WX",   yes,   "W"),
    Cell("systemd", "ssl", "set", "none",        "W",  no,   yes,   "W",    no,    "W"),
    Cell("systemd", "ssl", "set", "port",        "W",  no,   yes,   "W",    no,    "W"),
    Cell("systemd", "ssl", "set", "match",       "W",  yes,  no,    "W",    yes,   "W"),
    Cell("systemd", "ssl", "set", "extra",       "WX", yes,  no,    "WX",   yes,   "W"),
    Cell("systemd", "pssl", "unset", "none",     "",   yes,  yes,   "W",    no,    "W"),
    Cell("systemd", "pssl", "unset", "match",    "",   no,   yes,   "W",    yes,   "W"),
    Cell("systemd", "pssl", "unset", "port",     "",   no,   yes,   "W",    no,    "W"),
    Cell("systemd", "pssl", "unset", "extra",    "",   no,   yes,   "WX",   yes,   "W"),
    Cell("systemd", "pssl", "set", "none",       "W",  no,   yes,   "W",    no,    "W"),
    Cell("systemd", "pssl", "set", "elsewhere",  "W",  no,   yes,   "W",    no,    "W"),
    Cell("systemd", "pssl", "set", "match",      "W",  yes,  no,    "W",    yes,   "W"),
    Cell("systemd", "pssl", "set", "extra",      "WX", yes,  no,    "WX",   yes,   "W"),
    # The plugin that comes with the package compares addresses, and the database outlives the boot.
    Cell("sysv", "ssl", "unset", "none",         "",   yes,  yes,   "W",    no,    "W"),
    Cell("sysv", "ssl", "unset", "match",        "",   no,   yes,   "W",    yes,   "W"),
    Cell("sysv", "ssl", "unset", "elsewhere",    "",   no,   yes,   "W",    no,    "W"),
    Cell("sysv", "ssl", "unset", "extra",        "",   no,   yes,   "WX",   yes,   "WX"),
    Cell("sysv", "ssl", "set", "none",           "W",  no,   yes,   "W",    no,    "W"),
    Cell("sysv", "ssl", "set", "match",          "W",  yes,  no,    "W",    yes,   "W"),
    Cell("sysv", "ssl", "set", "elsewhere",      "W",  no,   yes,   "W",    no,    "W"),
    Cell("sysv", "ssl", "set", "extra",          "WX", yes,  no,    "WX",   yes,   "WX"),
]


def walks(table):
    """[{host: cell}]: the cells that are walked through together. Those of one pool start from the same in XAPI, and all of them or none change something."""
    return [dict(pair for part in parts for pair in part) for parts in itertools.zip_longest(
        *(_walks([cell for cell in table if cell.generation == generation], hosts) for generation, hosts in POOLS.items()), fillvalue=())]


def _walks(cells, hosts):
    groups = [list(group) for dummy, group in itertools.groupby(cells, lambda cell: (cell.protocol, cell.xapi, cell.changed))]
    rows = [group[start:start + len(hosts)] for group in groups for start in range(0, len(group), len(hosts))]
    return [list(zip(hosts, row + row[:1] * (len(hosts) - len(row)))) for row in rows]


def arrange(cells):
    for first, *dummy in POOLS.values():
        if first in cells:
            first.set_in_xapi(cells[first].protocol if cells[first].xapi == "set" else None)
    on_all(cells, "set_managers", [targets(cell, OVS[cell.ovs]) for cell in cells.values()], [cell.protocol for cell in cells.values()])


def targets(cell, which):
    """The managers that letters, or a whole target, stand for in a cell."""
    known = {"W": WANTED[cell.protocol], "X": EXTRA}
    return [which] if ":" in which else sorted(known[letter] for letter in which)


def role(playbook, cells, *options):
    protocols = {host.name: cell.protocol for host, cell in cells.items()}
    authorities = {host.name: str(AUTHORITY) if cell.protocol == "pssl" else "" for host, cell in cells.items()}
    return playbook("manager", *options, *manager_options(
        *cells, ovs_manager_emer_reset_consent=True, ovs_manager_protocol="{{ %s[inventory_hostname] }}" % protocols,
        ovs_manager_ca_certificate="{{ %s[inventory_hostname] }}" % authorities))


def walk(cells, playbook):
    """{cell: what was seen of it on the way, as attributes}."""
    hosts, wanted = list(cells), [WANTED[cell.protocol] for cell in cells.values()]
    seen = [types.SimpleNamespace() for dummy in cells]

    def note(**found):
        for name, values in found.items():
            for one, value in zip(seen, values):
                setattr(one, name, value)

    note(host=hosts)
    arrange(cells)
    on_all(hosts, "restart_toolstack")
    note(alone=held(hosts))
    arrange(cells)
    note(before=held(hosts))
    note(check_run=[role(playbook, cells, "--check", "--diff")] * len(hosts))
    note(checked=held(hosts))
    note(first_run=[role(playbook, cells, "--diff")] * len(hosts))
    note(managed=held(hosts), is_connected=on_all(hosts, "is_connected", wanted))
    note(second_run=[role(playbook, cells)] * len(hosts))
    note(again=held(hosts))
    on_all(hosts, "restart_toolstack")
    note(restarted=held(hosts))
    on_all(hosts, "reboot")
    note(rebooted=held(hosts), is_connected_again=on_all(hosts, "becomes_connected", wanted))
    return dict(zip(cells.values(), seen))


@pytest.fixture(scope="module")
def trusted():
    """The controller's authority in the pool that has pssl, under the name that XAPI's plugin looks for."""
    path = "/tmp/sdn-controller-ca.pem"
    if A.host.file(PASSIVE_CA).exists:
        A.xe("pool-uninstall-ca-certificate", name="sdn-controller-ca.pem")
    A.write(path, AUTHORITY.read_text())
    A.xe("pool-install-ca-certificate", filename=path)


@pytest.fixture(scope="module")
def seen(request, playbook, trusted):
    """What became of the cells that tests of this run ask for."""
    asked = {item.callspec.params["cell"] for item in request.session.items if "seen" in item.fixturenames}
    found = {}
    for cells in walks([cell for cell in TABLE if cell in asked]):
        found.update(walk(cells, playbook))
    return found


each = pytest.mark.parametrize("cell", TABLE, ids=str)


def ended(run, cell, changed):
    """A run that failed on no host of the cell's pool, and changed something there or not."""
    recaps = [run.recap(host.name) for host in POOLS[cell.generation]]
    assert all(recap["failed"] == recap["unreachable"] == 0 for recap in recaps) and any(recap["changed"] for recap in recaps) == changed, run.text


@each
def test_without_the_role_a_toolstack_restart_decides(cell, seen):
    dummy, content = seen[cell].alone
    assert (managers(content), is_marked(content)) == (targets(cell, cell.alone), cell.kept)


@each
def test_check_mode_predicts_and_changes_nothing(cell, seen):
    ended(seen[cell].check_run, cell, cell.changed)
    assert seen[cell].checked == seen[cell].before


@each
def test_the_first_run_makes_the_right_state(cell, seen):
    ended(seen[cell].first_run, cell, cell.changed)
    dummy, content = seen[cell].managed
    assert (managers(content), seen[cell].is_connected, is_marked(content)) == (targets(cell, cell.managed), True, cell.spared)
    assert cell.changed or seen[cell].managed == seen[cell].before


@each
def test_check_mode_and_diff_show_xapi_and_open_vswitch_before_and_after(cell, seen):
    foreseen, shown = ({host: run.diff(host.name) for host in POOLS[cell.generation]} for run in (seen[cell].check_run, seen[cell].first_run))
    assert foreseen == shown
    of_xapi = [line for lines in shown.values() for line in lines if "sdn_controller: null" in line]
    assert len(of_xapi) == (cell.xapi == "unset"), of_xapi
    lines = {sign: " ".join(line[1:] for line in shown[seen[cell].host] if line.startswith(sign)) for sign in "-+"}
    before, after = (set(managers(content)) for dummy, content in (seen[cell].before, seen[cell].managed))
    assert {target: target in lines["-"] for target in before ^ after} == {target: target in before for target in before ^ after}
    assert {target: target in lines["+"] for target in before ^ after} == {target: target in after for target in before ^ after}
    assert (MARK[1] in lines["-"]) == (not cell.spared)


@each
def test_the_second_run_changes_nothing(cell, seen):
    ended(seen[cell].second_run, cell, False)
    assert seen[cell].again == seen[cell].managed


@each
def test_a_toolstack_restart_leaves_it_alone(cell, seen):
    assert seen[cell].restarted == seen[cell].managed


@each
def test_a_reboot_brings_it_back(cell, seen):
    database, content = seen[cell].rebooted
    assert (managers(content), seen[cell].is_connected_again) == (targets(cell, cell.rebooted), True)
    assert database == seen[cell].managed[0]


def test_pssl_is_refused_where_xapi_cannot_hold_it(playbook):
    before = held([SYSV])
    for options in (["--check"], []):
        run = playbook("manager", *options, *manager_options(SYSV, ovs_manager_protocol="pssl", ovs_manager_ca_certificate=str(AUTHORITY)))
        assert run.rc != 0 and run.changed == 0, run.text
        assert "This XAPI is older than SDN controllers" in run.words and "Use protocol ssl with an address" in run.words, run.text
        assert held([SYSV]) == before
