"""What every page of ours must be on every screen: found by axe, measured, and read."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.e2e.chromium import Page
from tests.e2e.daemon import ROOT

SCREENS = ((360, 780), (768, 1024), (1440, 1000))
# Where to keep screenshots to look at.
SHOTS = os.environ.get("LIVETRACK_SCREENSHOTS")
AXE = ROOT / "tools/web/node_modules/axe-core/axe.min.js"
AUDIT = """axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
  'best-practice']}).then(({violations}) => violations.map(({id, nodes}) =>
  `${id}: ${nodes.map(({html, failureSummary}) => html + failureSummary).join(' | ')}`))"""
SETTLED = """document.getAnimations().every(({playState, effect}) =>
  playState !== 'running' || effect.getComputedTiming().iterations === Infinity)"""
SMALL = """[...document.querySelectorAll('button, select, input, a, summary')].flatMap(e => {
  const within = e.matches('.visually-hidden') ? 'label' : 'label.switch, label.auto';
  const target = e.closest(within) ?? e;
  const {width, height} = target.getBoundingClientRect();
  if (!width || e.matches('.track, .skip, .brand') || e.closest('.skip')) return [];
  const least = e.type === 'range' ? 36 : 44;
  if (height >= least - 0.5 && width >= 40) return [];
  return [`${e.id || e.textContent || e.outerHTML} ${width}x${height}`];
})"""
NAMELESS = """[...document.querySelectorAll('button, select, input')].filter(e =>
  !(e.textContent.trim() || e.ariaLabel || e.labels?.length || e.hasAttribute('aria-labelledby')))
  .map(e => e.outerHTML)"""
KEYS_FOR_WORDS = r"document.body.innerText.match(/\b[a-z]+_[a-z_]+\b/g) ?? []"
CHOOSE_KOREAN = """(language => {
  language.value = 'ko';
  language.dispatchEvent(new Event('change'));
})(document.getElementById('language'))"""

needs_axe = pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: make web-check")


async def audit(page: Page) -> Any:
    """The rules of accessibility that the page breaks, each with where."""
    if not await page.run("Boolean(window.axe)"):
        await page.run(AXE.read_text(encoding="utf-8") + ";0")
    # Halfway from one color to another neither can be read; a spinner turns for ever.
    await page.until(SETTLED)
    return await page.run(AUDIT)


async def assert_in_reach(page: Page, width: int, name: str) -> None:
    """A thumb hits everything, everything has a name, and nothing sticks out."""
    assert await page.run("document.documentElement.scrollWidth") <= width, name
    assert await page.run(SMALL) == [], (name, width)
    assert await page.run(NAMELESS) == [], name
    assert await page.run(KEYS_FOR_WORDS) == [], name
