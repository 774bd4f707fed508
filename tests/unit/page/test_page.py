# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page in headless Chromium: an empty report, a fleet of 200 hosts, and hosts that mean harm. The scenario site has real hosts."""

from __future__ import annotations

import os
import re

import pytest

from ansible_collections.xenserver.openvswitch.plugins.plugin_utils import _report, _report_page, _report_view
from ansible_collections.xenserver.openvswitch.tests.unit.page import fleet
from ansible_collections.xenserver.openvswitch.tests.unit.page.browser import DESKTOP, PHONE, Look, chromium

TEMPLATE = os.path.join(os.path.dirname(__file__), '../../../roles/ovs_verify/templates/report.html.j2')
LATER = '2025-11-24T14:12:00Z'
EVIL = '<img src=x onerror=alert(1)></script><script>alert(2)</script></style>"\'{{ 7 * 7 }}'


def evil():
    """A report in which every word that a host could say means harm."""
    made = dict(product=EVIL, role=EVIL, kernel=EVIL, package='3.1.0-' + EVIL, running=EVIL, module=EVIL, manager=EVIL)
    made.update(connections={EVIL: True, 'tcp:' + EVIL: False}, pool=dict(uuid=EVIL, name=EVIL))
    before = _report.merge(None, [fleet.host(0)], [fleet.name(0)], _report.stamp(fleet.NOW - fleet.DAY))
    hosts = [fleet.host(0, failed=[EVIL], done=[EVIL], **made), dict(name=EVIL, facts=None, error=EVIL, failed=[], done=[EVIL])]
    return _report.merge(before, hosts, [fleet.name(0), EVIL], _report.stamp(fleet.NOW))


REPORTS = dict(empty=lambda: _report.merge(None, [], [], _report.stamp(fleet.NOW)), large=lambda: fleet.now(200), small=lambda: fleet.now(20), evil=evil)


@pytest.fixture(scope='module')
def browser():
    with chromium() as program:
        yield program


@pytest.fixture(scope='module')
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp('pages')
    for name, report in REPORTS.items():
        (folder / (name + '.html')).write_text(_report_page.page(report(), TEMPLATE), encoding='utf-8')
    return {name: folder / (name + '.html') for name in REPORTS}


@pytest.fixture
def look(browser, paths):
    """``look('large', PHONE, 'dark')``: a page that is open, as of twelve minutes after its report."""
    opened = []

    def at(name, *where, **options):
        opened.append(Look(browser, paths[name], *where, at=LATER, **options))
        return opened[-1]

    yield at
    for one in opened:
        one.context.close()


@pytest.mark.parametrize('size', [DESKTOP, PHONE], ids=['desktop', 'phone'])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('name', ['empty', 'large', 'evil'])
def test_it_fits_is_quiet_and_asks_nothing_of_the_network(look, paths, name, scheme, size):
    seen = look(name, size, scheme)
    assert seen.overflow() == 0
    assert seen.said == []
    assert [url for url in seen.asked if not url.startswith('data:')] == ['file://%s' % paths[name]]


@pytest.mark.parametrize('size, scheme', [(DESKTOP, 'dark'), (PHONE, 'light')], ids=['desktop-dark', 'phone-light'])
@pytest.mark.parametrize('name', ['empty', 'small'])
def test_everybody_can_use_it(look, name, scheme, size):
    seen = look(name, size, scheme)
    seen.page.evaluate('document.querySelectorAll("details").forEach((part) => { part.open = true; })')
    assert seen.barriers() == []


def test_what_nobody_can_use_is_found(look):
    seen = look('empty')
    seen.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button></button>')")
    assert 'button-name' in [rule for rule, dummy, dummy2 in seen.barriers()]


def test_the_ground_is_light_or_dark(look):
    def brightness(scheme):
        return sum(map(int, re.findall(r'\d+', look('small', DESKTOP, scheme).page.evaluate('getComputedStyle(document.body).backgroundColor'))[:3]))
    assert brightness('light') > 700 and brightness('dark') < 100


def test_nothing_of_a_host_is_more_than_text(look):
    seen = look('evil')
    assert seen.said == []
    assert seen.page.locator('img').count() == 0 and seen.page.locator('script').count() == 1 and seen.page.locator('style').count() == 1
    assert seen.shown().count(EVIL) == 1
    assert seen.page.get_by_text('{{ 7 * 7 }}').count() > 5 and seen.page.get_by_text('49').count() == 0
    # Should a value ever come through as markup, the page's policy still lets nothing of it run or load.
    seen.page.evaluate("""document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:9/x" onerror="alert(3)">');
        const script = document.createElement('script'); script.textContent = 'alert(4)'; document.body.append(script);""")
    seen.page.wait_for_function('document.images[0].complete')
    assert len(seen.said) >= 2 and all('Content Security Policy' in text for text in seen.said), seen.said
    assert seen.asked['http://127.0.0.1:9/x'] == 'csp'


def test_what_needs_action_comes_first(look):
    page = look('large').page
    assert page.get_by_role('heading', level=1).inner_text().strip() == '15 of 200 hosts need action'
    assert page.get_by_role('heading', level=2).all_inner_texts() == ['Needs action', 'What changed last', 'Versions', 'Managers and pools', 'Hosts']
    assert '30 hosts were not asked in this run, and are shown as last seen, the oldest 2 d ago.' in page.inner_text('header').replace('\n', ' ')
    first, second = page.locator('.findings > li').all()[:2]
    assert 'xs2.rack14' in first.inner_text() and 'last seen 2 d ago' in first.inner_text() and 'Connection timed out' in first.inner_text()
    assert 'A reboot is due' in second.inner_text() and '9 hosts, noticed 12 min ago' in second.inner_text()
    assert page.title() == '15 of 200 hosts to see to – Open vSwitch'


def test_an_empty_report_says_what_fills_it(look):
    page = look('empty').page
    assert page.get_by_role('heading').all_inner_texts() == ['No hosts yet'] and 'fills this page' in page.inner_text('header')


def test_figures_at_the_top_lead_to_their_hosts(look):
    seen = look('large')
    for words, count in (('need action', 15), ('not reached', 2), ('reboots due', 9), ('changed this run', 168), ('hosts in 40 pools', 200)):
        seen.page.get_by_role('link', name='%d %s' % (count, words)).click()
        assert len(seen.shown()) == count
        assert seen.page.locator('#shown').inner_text() == '%d of 200 shown' % count


def test_the_table_is_searched_by_any_words(look):
    seen = look('large')
    seen.page.get_by_label('Find').fill('RACK14 not reached')
    assert seen.shown() == ['xs2.rack14.example.com']
    seen.page.get_by_label('Find').fill('xs1.rack40.example.com')
    assert seen.shown() == ['xs1.rack40.example.com']
    seen.page.get_by_label('Find').fill('no such host')
    assert seen.shown() == []


def test_a_link_to_a_host_shows_it_whatever_the_filter(look):
    seen = look('large')
    seen.page.get_by_label('Find').fill('rack01')
    seen.page.locator('.findings').get_by_role('link', name='xs2.rack14').click()
    seen.page.wait_for_function('document.activeElement.tagName === "TR"')
    assert seen.focused()[1].startswith('xs2.rack14')
    assert len(seen.shown()) == 200


def test_by_keyboard_alone(look):
    seen = look('large')
    keys = seen.page.keyboard
    keys.press('Tab')
    assert seen.focused() == ['A', 'Skip to the content']
    box = seen.page.locator('.skip').bounding_box()
    assert box['y'] >= 0 and box['x'] >= 0
    assert seen.page.evaluate('getComputedStyle(document.activeElement).outlineStyle') == 'solid'
    keys.press('Enter')
    assert seen.focused()[0] == 'MAIN'
    for dummy in range(60):
        keys.press('Tab')
        if seen.focused() == ['INPUT', 'find']:
            break
    keys.type('rack14')
    assert len(seen.shown()) == 5
    keys.press('Tab')
    keys.press('ArrowDown')
    assert seen.page.get_by_label('Show').input_value() == 'action' and len(seen.shown()) == 5
    keys.press('Tab')
    assert seen.focused() == ['BUTTON', 'Host']
    heads = seen.page.locator('table.hosts thead th')
    keys.press('Enter')
    assert heads.first.get_attribute('aria-sort') == 'ascending'
    assert seen.shown() == ['xs%d.rack14.example.com' % number for number in range(1, 6)]
    keys.press('Space')
    assert heads.first.get_attribute('aria-sort') == 'descending'
    assert seen.shown() == ['xs%d.rack14.example.com' % number for number in range(5, 0, -1)]
    keys.press('Tab')
    keys.press('Tab')
    keys.press('Enter')
    assert heads.evaluate_all('all => all.map(head => head.getAttribute("aria-sort"))') == ['none', 'none', 'ascending'] + ['none'] * 6
    assert seen.shown()[0] == 'xs2.rack14.example.com'


def test_ages_go_on_while_the_page_is_open(look):
    seen = look('large')
    row = seen.page.locator('tr', has_text='xs1.rack01').locator('[data-title=Seen]')
    assert row.inner_text().strip() == '12 min ago' and not seen.page.locator('.stale').is_visible()
    seen.page.clock.fast_forward('01:00')
    assert row.inner_text().strip() == '13 min ago'
    seen.page.clock.fast_forward('30:00:00')
    assert row.inner_text().strip() == '1 d ago' and seen.page.locator('.stale').is_visible()


@pytest.mark.parametrize('size', [DESKTOP, PHONE], ids=['desktop', 'phone'])
def test_it_is_read_without_a_script(look, size):
    seen = look('large', size, java_script_enabled=False)
    assert not seen.page.get_by_label('Find').is_visible() and not seen.page.locator('.stale').is_visible()
    text = seen.page.locator('tr', has_text='xs2.rack14').inner_text()
    assert '2 d before this report' in text and '3.0.5-1.systemd' in text and 'not reached' in text
    seen.page.locator('summary', has_text='By pool, as a table').click()
    assert seen.page.locator('table.small').is_visible()


def test_the_graph_of_versions_adds_up(look):
    page = look('large').page
    graph = page.get_by_role('img', name='Versions over the fleet')
    assert graph.count() == 1
    told = graph.locator('desc').text_content()
    assert '3.1.0: package on 168 of 200 hosts, running on 159 of 200 hosts. 3.0.5: package on 32 of 200 hosts, running on 41 of 200 hosts.' in told
    for kind in ('package', 'running'):
        widths = graph.locator('rect.' + kind).evaluate_all('all => all.map(one => parseFloat(one.getAttribute("width")))')
        assert sum(widths) == pytest.approx(100)
        titles = graph.locator('rect.%s title' % kind).all_text_contents()
        assert sum(int(re.search(r'on (\d+) host', title).group(1)) for title in titles) == 200
    page.locator('summary', has_text='By pool, as a table').click()
    assert sum(map(int, page.locator('table.small td.number').all_inner_texts())) == 200


def test_the_topology_tells_states_by_more_than_color(look):
    page = look('large').page
    assert page.locator('.node strong').all_inner_texts() == ['ssl:192.0.2.10:6632', 'ssl:192.0.2.11:6632', 'pssl:6640']
    marks = page.locator('.members svg').evaluate_all('all => all.map(mark => mark.getAttribute("aria-label").split(": ")[1])')
    assert {state: marks.count(state) for state in set(marks)} == {
        'connected': 194, 'not connected': 2, 'set in XAPI, missing in Open vSwitch': 2, 'not known': 2}
    assert len({page.locator('#mark-%s' % state).evaluate('symbol => symbol.innerHTML') for state in _report_view.STATES}) == 6
    parted = page.locator('.pool.partly')
    assert parted.count() == 6
    assert parted.first.evaluate('pool => getComputedStyle(pool, "::before").borderTopStyle') == 'dashed'


def test_no_motion_for_those_who_want_none(look):
    def behavior(motion):
        return look('small', reduced_motion=motion).page.evaluate('getComputedStyle(document.documentElement).scrollBehavior')
    assert (behavior('reduce'), behavior('no-preference')) == ('auto', 'smooth')
