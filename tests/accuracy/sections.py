# SPDX-License-Identifier: Apache-2.0
"""A page of results as sections, so that some can be measured anew without all the others."""

import re


def split(page):
    """[heading, text with it] of every section; that before the first has no heading."""
    parts = re.split(r"(?m)^(?=##+ )", page)
    return [[part.partition("\n")[0] if part.startswith("#" * 2) else "", part.rstrip("\n") + "\n"] for part in parts]


def updated(page, measured):
    """The page with the measured sections in place of those of the same heading. One that is new follows the last
    section of its network; the page's own beginning stays."""
    old = split(page)
    for heading, text in split(measured)[1:]:
        known = [index for index, part in enumerate(old) if part[0] == heading]
        if known:
            old[known[0]][1] = text
            continue
        network = heading.lstrip("# ").partition(":")[0]
        beside = [index for index, part in enumerate(old) if part[0].lstrip("# ").partition(":")[0] == network]
        old.insert(beside[-1] + 1 if beside else len(old), [heading, text])
    return "\n".join(text for _, text in old)
