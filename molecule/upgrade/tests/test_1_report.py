"""The report that the upgrade wrote when all hosts had had their turn."""

import json

from conftest import PROJECT


def test_it_tells_what_was_done_to_each_host():
    hosts = json.loads((PROJECT / ".cache/report/upgrade/report.json").read_text())["hosts"]
    assert sorted(hosts) == ["fleet-a", "fleet-b", "fleet-c", "xs6", "xs8-a", "xs8-b"]
    for name, host in hosts.items():
        assert host["error"] is None and host["failed"] == [], name
        assert host["facts"]["package"]["value"].startswith("3.1.0-2."), name
        assert host["changed"]["done"][-1] == "upgraded", name
        assert any("openvswitch-3.1.0-2." in text for text in host["changed"]["done"]), name
