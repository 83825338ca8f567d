// Screen readers are told what a chart shows, and not its loose marks of axes one by one. Where a
// phone scrolls it, the keyboard does, too.
new MutationObserver(() => {
  document.querySelectorAll('.chart .js-plotly-plot:not([role])').forEach((plot) => {
    const head = plot.closest('.chart').querySelector('.chart-head');
    plot.setAttribute('role', 'img');
    const name = head ? head.innerText.trim().replace(/\s*\n\s*/g, ': ') : 'Chart';
    plot.setAttribute('aria-label', name);
    const box = plot.closest('.wide > .block');
    if (!box) return;
    box.tabIndex = 0;
    box.setAttribute('role', 'region');
    box.setAttribute('aria-label', name);
  });
}).observe(document.documentElement, {childList: true, subtree: true});
