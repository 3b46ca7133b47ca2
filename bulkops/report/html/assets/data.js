// The accounts as the page carries them (rows.py says how), read once. Texts reach the page as textContent only.

const data = JSON.parse(document.getElementById("data").textContent);

const text = (place) => (place < 0 ? "" : data.texts[place]);

const accounts = data.rows.map((row, place) => ({
  place,
  account: row[0],
  kind: row[1],
  started: row[2],
  took: row[3],
  failure: text(row[4]),
  cause: text(row[5]) || text(row[6]),
  reason: text(row[6]),
  remedy: text(row[7]),
  cluster: row[8],
  detail: row[9] || null,
  steps: row[10] || [],
  name: row[11] || "",
}));

const kinds = data.kinds.map(([name, word], place) => ({ name, word, place }));

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a child that is no element becomes text. */
function make(tag, attributes = {}, ...children) {
  const isShape = ["svg", "path", "use", "rect", "title"].includes(tag);
  const element = isShape ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function mark(kind) {
  const shape = make("svg", { class: `mark ${kind.name}`, viewBox: "0 0 12 12", "aria-hidden": "true" });
  shape.append(make("use", { href: `#mark-${kind.name}` }));
  return shape;
}

function seconds(value) {
  if (value === null) return "";
  if (value < 0.0995) return `${Math.round(value * 1000)} ms`;
  if (value < 9.95) return `${value.toFixed(1)} s`;
  if (value < 59.5) return `${Math.round(value)} s`;
  const whole = Math.round(value);
  const [size, unit, small, smaller] =
    whole < 3600 ? [60, "min", 1, "s"] : whole < 86400 ? [3600, "h", 60, "min"] : [86400, "d", 3600, "h"];
  return `${Math.floor(whole / size)} ${unit} ${Math.floor((whole % size) / small)} ${smaller}`;
}

function moment(offset) {
  return offset === null ? "" : new Date((data.began + offset) * 1000).toISOString().replace("T", " ").replace("Z", " UTC");
}

const number = new Intl.NumberFormat("en");
const plural = (count) => (count === 1 ? "1 account" : `${number.format(count)} accounts`);
