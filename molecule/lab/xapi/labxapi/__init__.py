# Copyright: (c) 2026, the xenserver.openvswitch project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's stand-in for XAPI: pool state, XML-RPC server and `xe`. README.md beside it says what stands in for what."""

from __future__ import absolute_import, division, print_function
__metaclass__ = type
