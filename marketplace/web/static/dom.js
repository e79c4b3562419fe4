/** Elements without a framework. Text always goes in as text, so nothing a seller writes can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("a.link", {href: "#/", onclick: go}, "Go"). Falsy children are left out. */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  return dress(node, attributes, children);
}

export function s(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

function dress(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "hidden") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child || child === 0));
  return node;
}

/** Write text into a node only when it changed, so that screen readers and selections are left in peace. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const ICONS = {
  gavel: ["M14 13l-8.4 8.4a2 2 0 0 1-2.9-2.9L11 10", "M16 16l6-6", "M8 8l6-6", "M9 7l8 8", "M21 11l-8-8"],
  search: ["M11 19a8 8 0 1 0 0-16 8 8 0 0 0 0 16z", "M21 21l-4.3-4.3"],
  bell: ["M6 8a6 6 0 0 1 12 0c0 7 3 9 3 9H3s3-2 3-9", "M10.3 21a2 2 0 0 0 3.4 0"],
  heart: ["M19 14c1.5-1.5 3-3.2 3-5.5A5.5 5.5 0 0 0 16.5 3c-1.8 0-3 .5-4.5 2-1.500-1.5-2.700-2-4.500-2A5.500 5.500 0 0 0 2 8.500c0 2.300 1.500 4 3 5.500l7 7z"],
  close: ["M18 6L6 18", "M6 6l12 12"],
  globe: ["M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20z", "M2 12h20", "M12 2a15 15 0 0 1 0 20 15 15 0 0 1 0-20z"],
  user: ["M20 21a8 8 0 0 0-16 0", "M12 13a5 5 0 1 0 0-10 5 5 0 0 0 0 10z"],
};

export function icon(name) {
  return s(
    "svg",
    { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" },
    ICONS[name].map((d) => s("path", { d })),
  );
}

/** A hue that is always the same for the same text. */
export function hue(text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

/** What stands where a thing has no picture: its first letter on a ground of its own colour. */
export function placeholder(id, title) {
  const tone = hue(id);
  return s(
    "svg",
    { viewBox: "0 0 400 300", preserveAspectRatio: "xMidYMid slice", role: "img", "aria-label": title },
    s("rect", { width: 400, height: 300, fill: `hsl(${tone} 28% 78%)` }),
    s("circle", { cx: 330, cy: 60, r: 150, fill: `hsl(${(tone + 30) % 360} 32% 70%)` }),
    s("circle", { cx: 60, cy: 290, r: 130, fill: `hsl(${(tone + 330) % 360} 26% 68%)` }),
    s("text", { x: 200, y: 195, "text-anchor": "middle", "font-size": 130, "font-family": "Georgia, serif", fill: `hsl(${tone} 35% 28%)` }, (title.trim()[0] || "?").toUpperCase()),
  );
}

export function picture(image, id, title, { eager = false } = {}) {
  if (!image) return placeholder(id, title);
  const node = h("img", { src: image, alt: title, loading: eager ? "eager" : "lazy", decoding: "async" });
  node.addEventListener("error", () => node.replaceWith(placeholder(id, title)), { once: true });
  return node;
}

export function avatar(name) {
  const node = h("span.avatar", { "aria-hidden": "true" }, (name[0] || "?").toUpperCase());
  node.style.setProperty("--hue", hue(name));
  return node;
}
