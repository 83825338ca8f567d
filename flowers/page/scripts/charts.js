// Screen readers are told what a chart shows, and not its loose marks of axes one by one.
new MutationObserver(() => {
  document.querySelectorAll('.chart .js-plotly-plot:not([role])').forEach((plot) => {
    const head = plot.closest('.chart').querySelector('.chart-head');
    plot.setAttribute('role', 'img');
    plot.setAttribute('aria-label', head ? head.innerText.trim().replace(/\s*\n\s*/g, ': ') : 'Chart');
  });
}).observe(document.documentElement, {childList: true, subtree: true});
