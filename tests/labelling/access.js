// What cannot be read or heard on a page: texts whose contrast is below 4.5 to 1, by the formula of
// WCAG 2.2 (success criterion 1.4.3; inactive controls are exempt), and controls without a name.
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  function painted(layers) {
    canvas.clearRect(0, 0, 1, 1);
    for (const layer of layers) {
      canvas.fillStyle = layer;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  const backgrounds = (node) =>
    (node ? [...backgrounds(node.parentElement), getComputedStyle(node).backgroundColor] : []);

  function contrast(node) {
    const behind = backgrounds(node);
    const [text, ground] = [painted([...behind, getComputedStyle(node).color]), painted(behind)].map(luminance);
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  }

  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: node, textContent: text } = walker.currentNode;
    const shown = text.trim() && node.checkVisibility() && !node.closest("button:disabled, script, style, noscript");
    if (shown && contrast(node) < 4.5) faint.push([text.slice(0, 30), contrast(node).toFixed(2)]);
  }
  const nameless = [...document.querySelectorAll("button, input, textarea, select, progress, dialog, aside")]
    .filter((node) => !(node.textContent.trim() || node.labels?.length || node.getAttribute("aria-label")))
    .map((node) => node.outerHTML);
  return { faint, nameless };
}
