// Runs inside the page: what a person would stumble over, as sentences. No imports, no closures.
export async function look({ minTarget }) {
  const findings = [];
  const name = (element) => {
    const text = (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40);
    return `<${element.tagName.toLowerCase()}${element.className && typeof element.className === 'string' ? `.${element.className.trim().split(/\s+/).join('.')}` : ''}> “${text}”`;
  };
  const seen = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !element.closest('.sr');

  // Sideways scrolling, of the page and of what scrolls in it.
  for (const element of [document.documentElement, document.body, ...document.querySelectorAll('.page, .sheet-body, main')]) {
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
      const edge = element.getBoundingClientRect().right;
      const wide = [...element.querySelectorAll('*')].find((child) => seen(child) && child.getBoundingClientRect().right > edge + 1);
      findings.push(`scrolls sideways: ${name(element).slice(0, 60)}${wide ? `, because of ${name(wide)}` : ''}`);
    }
  }

  // Text that is cut off or runs out of its box.
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('.map, svg, select') || !seen(element)) continue;
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!own || element.matches('textarea, input, option')) continue;
    const style = getComputedStyle(element);
    if (style.display === 'inline') continue;
    const cut = style.overflow !== 'visible' && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 2);
    const out = style.overflow === 'visible' && element.scrollWidth > element.clientWidth + 2 && element.clientWidth > 0;
    if ((cut || out) && element.dataset.cut !== 'meant') findings.push(`text does not fit: ${name(element)}`);
  }

  // Targets for a thumb. A field inside a label is as large as its label.
  for (const element of document.querySelectorAll('button, a[href], input, select, textarea, summary, [role="button"]')) {
    if (!seen(element) || element.closest('.leaflet-control') || element.disabled || element.dataset.small === 'meant') continue;
    const target = element.matches('input[type="radio"], input[type="checkbox"], input[type="file"]') ? (element.closest('label') ?? element) : element;
    const { width, height } = target.getBoundingClientRect();
    if (width < minTarget - 0.5 || height < minTarget - 0.5) findings.push(`target of ${Math.round(width)}×${Math.round(height)}: ${name(element)}`);
  }

  const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
  for (const { id, help, nodes } of violations) {
    findings.push(`axe ${id}: ${help} (${nodes.length}×, ${nodes[0].target.join(' ')}; ${(nodes[0].any[0]?.message ?? '').slice(0, 140)})`);
  }
  return findings;
}
