// One cell an account: a path for each outcome, drawn anew when the width changes. Shapes tell what colors tell.

const mosaic = document.getElementById("mosaic");
const says = document.getElementById("mosaic-says");
const grid = { columns: 1, size: 1, at: -1, cursor: null };

/** What a cell of side `s` at x, y looks like; the same shapes as the marks of the legend. */
const cells = {
  changed: (x, y, s) => `M${x} ${y}h${s}v${s}h${-s}z`,
  unchanged: (x, y, s) => `M${x} ${y}h${s}v${s}h${-s}zm${s * 0.25} ${s * 0.25}v${s / 2}h${s / 2}v${-s / 2}z`,
  failed: (x, y, s) => {
    const [a, b] = [s * 0.22, s / 2 - s * 0.22];
    return `M${x + a} ${y}l${b} ${b}l${b} ${-b}l${a} ${a}l${-b} ${b}l${b} ${b}l${-a} ${a}l${-b} ${-b}l${-b} ${b}l${-a} ${-a}l${b} ${-b}l${-b} ${-b}z`;
  },
  unknown: (x, y, s) => `M${x + s / 2} ${y}l${s / 2} ${s / 2}l${-s / 2} ${s / 2}l${-s / 2} ${-s / 2}z`,
  cancelled: (x, y, s) => `M${x} ${y}h${s}l${-s} ${s}z`,
  skipped: (x, y, s) => `M${x} ${y + s * 0.35}h${s}v${s * 0.3}h${-s}z`,
  not_attempted: (x, y, s) => `M${x + s * 0.3} ${y + s * 0.3}h${s * 0.4}v${s * 0.4}h${-s * 0.4}z`,
  in_progress: (x, y, s) => `M${x + s / 2} ${y}l${s / 2} ${s}h${-s}z`,
};

/** Side of a cell with its gap: the mosaic keeps to a band that fits on a screen, cells stay between 5 and 20. */
function sideFor(width) {
  const band = Math.min(420, Math.max(90, width * 0.45));
  return Math.max(5, Math.min(20, Math.floor(Math.sqrt((width * band) / Math.max(1, accounts.length)))));
}

function layOut() {
  const width = mosaic.clientWidth;
  if (!width || !accounts.length) return;
  grid.size = sideFor(width);
  grid.columns = Math.max(1, Math.floor(width / grid.size));
  const rows = Math.ceil(accounts.length / grid.columns);
  const height = rows * grid.size;
  const gap = grid.size > 9 ? 2 : 1;
  const paths = kinds.map(() => []);
  for (const account of accounts) {
    const [x, y] = corner(account.place);
    paths[account.kind].push(cells[kinds[account.kind].name](x, y, grid.size - gap));
  }
  const picture = make("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  picture.append(...kinds.filter((kind) => paths[kind.place].length).map((kind) => drawn(kind, paths[kind.place])));
  const begins = data.waves.filter((place) => place).map((place) => corner(place));
  picture.append(make("path", { class: "wave", d: begins.map(([x, y]) => `M${x - gap / 2} ${y - gap}v${grid.size}`).join("") }));
  grid.cursor = make("path", { class: "cursor" });
  picture.append(grid.cursor);
  mosaic.replaceChildren(picture);
  point(grid.at);
}

function drawn(kind, parts) {
  const path = parts.join("").replace(/\d+\.\d{2,}/g, (figure) => Number(figure).toFixed(1));
  return make("path", { class: kind.name, d: path, "fill-rule": "evenodd" });
}

function corner(place) {
  return [(place % grid.columns) * grid.size, Math.floor(place / grid.columns) * grid.size];
}

function under(event) {
  const box = mosaic.getBoundingClientRect();
  const column = Math.floor((event.clientX - box.left) / grid.size);
  if (column < 0 || column >= grid.columns) return -1;
  const place = Math.floor((event.clientY - box.top) / grid.size) * grid.columns + column;
  return place >= 0 && place < accounts.length ? place : -1;
}

function point(place) {
  grid.at = place;
  if (!grid.cursor) return;
  if (place < 0) {
    grid.cursor.removeAttribute("d");
    return;
  }
  const [x, y] = corner(place);
  grid.cursor.setAttribute("d", `M${x} ${y}h${grid.size - 1}v${grid.size - 1}h${1 - grid.size}z`);
  const account = accounts[place];
  const took = account.took === null ? "" : `, took ${seconds(account.took)}`;
  const called = account.name ? ` (${account.name})` : "";
  says.textContent = `${account.account}${called}: ${kinds[account.kind].word}${took}${account.cause ? `; ${account.cause}` : ""}`;
}

function move(event) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: grid.columns, ArrowUp: -grid.columns };
  const last = accounts.length - 1;
  if (event.key in steps) point(grid.at < 0 ? 0 : Math.max(0, Math.min(last, grid.at + steps[event.key])));
  else if (event.key === "Home") point(0);
  else if (event.key === "End") point(last);
  else if (event.key === "Enter" && grid.at >= 0) reveal(grid.at);
  else return;
  event.preventDefault();
}
