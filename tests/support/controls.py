"""Which controls of a page some visitors could not use, as JavaScript that lists their HTML."""

# Controls that a screen reader could not name.
NAMELESS = """() => [...document.querySelectorAll('button, input, select, textarea, a[href]')]
  .filter((e) => e.checkVisibility() && e.type !== 'file' && !(
    e.getAttribute('aria-label') || e.title || e.innerText?.trim() || e.labels?.length
    || e.getAttribute('aria-labelledby') || e.placeholder))
  .map((e) => e.outerHTML.slice(0, 160))"""


# What a finger may miss; links within a sentence are exempt (WCAG 2.5.8), and so is a box whose
# label is large.
SMALL = """() => [...document.querySelectorAll('button, summary, select, input, .downloads a')]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && e.type !== 'file')
  .map((e) => [e, (e.closest('label') || e).getBoundingClientRect().height])
  .filter(([, height]) => height < 40).map(([e]) => e.outerHTML.slice(0, 120))"""

# Tabs that are cut, or stand in a second row.
TABS_OUT_OF_PLACE = """() => [...document.querySelectorAll('[role=tab]')]
  .filter((e) => e.checkVisibility({visibilityProperty: true}))
  .filter((e, _, [first]) => e.scrollWidth > e.clientWidth || e.offsetTop !== first.offsetTop)
  .map((e) => e.innerText)"""
