# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium that looks at a page: what it said, what it asked the network for, and whether everybody can use it."""

from __future__ import annotations

import contextlib
import json
import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

# As root, in a container, without a network: nothing in the background.
FLAGS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
PROGRAMS = ('chromium', 'google-chrome', 'chromium-browser')
DESKTOP, PHONE = dict(width=1280, height=900), dict(width=390, height=844)
# A test waits for what it waits for, however busy the machine is.
PATIENCE = 120000


@contextlib.contextmanager
def chromium():
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, 'There is none of %s. Run .ci/setup tools.' % ', '.join(PROGRAMS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS, timeout=PATIENCE)
        try:
            yield browser
        finally:
            browser.close()


class Look:
    """A page that was opened: ``page`` is Playwright's, ``said`` are errors and messages, ``asked`` the addresses that it would load, with what hindered."""

    def __init__(self, browser, path, size=None, scheme='light', at=None, reduced_motion='reduce', **options):
        self.context = browser.new_context(viewport=size or DESKTOP, color_scheme=scheme, reduced_motion=reduced_motion, **options)
        self.context.set_default_timeout(PATIENCE)
        self.page, self.said, self.asked = self.context.new_page(), [], {}
        self.page.on('console', lambda message: self.said.append(message.text))
        self.page.on('pageerror', lambda error: self.said.append(str(error)))
        self.page.on('dialog', lambda dialog: (self.said.append('dialog: ' + dialog.message), dialog.dismiss()))
        self.page.on('request', lambda request: self.asked.update({request.url: None}))
        self.page.on('requestfailed', lambda request: self.asked.update({request.url: request.failure}))
        if at:
            self.page.clock.install(time=at)
        self.page.goto('file://%s' % path)

    def __enter__(self):
        return self

    def __exit__(self, *dummy):
        self.context.close()

    def overflow(self):
        """By how many pixels the page can be scrolled sideways."""
        return self.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

    def barriers(self):
        """What axe finds against WCAG 2.2 AA and its own good practice: rule and place."""
        found = Axe().run(self.page).response
        return [(rule['id'], json.dumps(node['target']), node['failureSummary']) for rule in found['violations'] for node in rule['nodes'][:3]]

    def shown(self):
        """The hosts that the table shows, in its order."""
        return self.page.locator('table.hosts tbody tr:not([hidden]) > th').evaluate_all('heads => heads.map(head => head.title)')

    def focused(self):
        """The tag and the first words of what has the focus."""
        return self.page.evaluate('[document.activeElement.tagName, (document.activeElement.innerText || document.activeElement.id).split("\\n")[0]]')
