// The account table: what is looked for, in which order, a page at a time.

const PAGE = 50;
const PRINTED = 2000;

const table = document.getElementById("table");
const body = table.tBodies[0];
const search = document.getElementById("search");
const found = document.getElementById("found");
const reset = document.getElementById("reset");
const pages = document.getElementById("pages");

const wanted = { words: [], kinds: new Set(), cluster: -1 };
const order = { by: "place", down: false };
const open = new Set();
let shown = accounts;
let first = 0;

const collator = new Intl.Collator("en", { numeric: true });
const empty = (value) => value === null || value === "";

/** Equal ones stay in inventory order (sorting is stable); accounts without a value come last, whichever way one sorts. */
function compare(a, b) {
  const [x, y] = [a[order.by], b[order.by]];
  if (empty(x) || empty(y)) return empty(x) - empty(y);
  const difference = typeof x === "number" ? x - y : collator.compare(x, y);
  return order.down ? -difference : difference;
}

/** What a search looks through, put together when somebody first searches. */
function haystack(account) {
  account.haystack ??= [
    account.account,
    account.name,
    kinds[account.kind].word,
    account.failure,
    account.cause,
    account.reason,
    account.remedy,
    account.detail ? JSON.stringify(account.detail) : "",
  ]
    .join("\n")
    .toLowerCase();
  return account.haystack;
}

function isWanted(account) {
  if (wanted.cluster >= 0 && account.cluster !== wanted.cluster) return false;
  if (wanted.kinds.size && !wanted.kinds.has(account.kind)) return false;
  return wanted.words.every((word) => haystack(account).includes(word));
}

function update() {
  shown = accounts.filter(isWanted);
  if (order.by !== "place" || order.down) shown.sort(compare);
  first = 0;
  const all = shown.length === accounts.length;
  found.textContent = all
    ? plural(accounts.length)
    : `${number.format(shown.length)} of ${plural(accounts.length)}${wanted.cluster < 0 ? "" : ", of one cause"}`;
  reset.hidden = !wanted.words.length && !wanted.kinds.size && wanted.cluster < 0;
  draw();
}

function draw(count = PAGE) {
  body.replaceChildren(...shown.slice(first, first + count).flatMap(rowsOf));
  const last = Math.min(first + count, shown.length);
  pages.hidden = shown.length <= count;
  document.getElementById("page").textContent = `${number.format(first + 1)} to ${number.format(last)} of ${number.format(shown.length)}`;
  document.getElementById("previous").disabled = first === 0;
  document.getElementById("next").disabled = last >= shown.length;
}

/** How many there are: a narrow window shows fewer. */
function columns() {
  return [...table.tHead.rows[0].cells].filter((cell) => cell.offsetWidth).length;
}

function rowsOf(account) {
  const kind = kinds[account.kind];
  const isOpen = open.has(account.place);
  const id = `more-${account.place}`;
  const name = make("button", { type: "button", "aria-expanded": isOpen, "aria-controls": id }, account.account || "(empty)");
  const row = make(
    "tr",
    { "data-place": account.place },
    make("td", { class: "number place" }, number.format(account.place + 1)),
    make("td", { class: "account" }, name, ...(account.name ? [make("div", { class: "clip called" }, account.name)] : [])),
    make("td", { class: "outcome" }, mark(kind), ` ${kind.word}`),
    make("td", {}, make("div", { class: "clip" }, account.cause)),
    make("td", { class: "number seconds", title: moment(account.started) }, account.started === null ? "" : `+${seconds(account.started)}`),
    make("td", { class: "number seconds" }, seconds(account.took)),
  );
  return isOpen ? [row, make("tr", { class: "more", id }, make("td", { colspan: columns() }, ...more(account)))] : [row];
}

/** All that is known of an account. */
function more(account) {
  const facts = [
    ["reason", account.reason && account.reason !== account.cause ? account.reason : account.cause],
    ["failure class", account.failure],
    ["remedy", account.remedy],
    ["started", moment(account.started)],
    ["ended", account.took === null ? "" : moment(account.started + account.took)],
    ...Object.entries(account.detail ?? {}).map(([key, value]) => [key, inWords(value)]),
  ].filter(([, value]) => value);
  const list = make("dl", {}, ...facts.map(([key, value]) => make("div", {}, make("dt", {}, key), make("dd", {}, value))));
  const steps = account.steps.length ? [stepTable(account)] : [];
  return facts.length || steps.length ? [list, ...steps] : ["Nothing more is known of it: it was not started."];
}

function inWords(value) {
  if (value === null || typeof value !== "object") return String(value);
  const simple = Object.values(value).every((item) => item === null || typeof item !== "object");
  if (!simple) return JSON.stringify(value);
  return Array.isArray(value) ? value.join(", ") : Object.entries(value).map(([key, item]) => `${key}: ${item}`).join(", ");
}

function stepTable(account) {
  const end = account.took === null ? null : account.started + account.took;
  const rows = [];
  for (let at = 0; at < account.steps.length; at += 3) {
    const [name, state, began] = account.steps.slice(at, at + 3);
    const until = account.steps[at + 5] ?? end;
    const words = ["done", "result not known", "did not happen"][state >> 1] + (state === 1 ? ", changed something" : "");
    rows.push(
      make(
        "tr",
        {},
        make("th", { scope: "row" }, text(name)),
        make("td", {}, words),
        make("td", { class: "number", title: moment(began) }, `+${seconds(began)}`),
        make("td", { class: "number" }, until === null || until < began ? "" : seconds(until - began)),
      ),
    );
  }
  const heads = ["Step", "Came to", "Began", "Until the next"].map((word, place) =>
    make("th", { scope: "col", class: place > 1 ? "number" : null }, word),
  );
  const steps = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  return make("div", { class: "scroll" }, steps);
}

function toggle(place) {
  if (!open.delete(place)) open.add(place);
  draw();
  body.querySelector(`tr[data-place="${place}"] button`)?.focus();
}

/** Show the page with this account on it, opened. */
function reveal(place) {
  let at = shown.findIndex((account) => account.place === place);
  if (at < 0) {
    forget();
    update();
    at = shown.findIndex((account) => account.place === place);
  }
  first = Math.floor(at / PAGE) * PAGE;
  open.add(place);
  draw();
  const button = body.querySelector(`tr[data-place="${place}"] button`);
  button.focus({ preventScroll: true });
  button.scrollIntoView({ block: "center" });
}

function forget() {
  search.value = "";
  wanted.words = [];
  wanted.kinds.clear();
  wanted.cluster = -1;
  pressed();
}

function pressed() {
  for (const button of document.querySelectorAll(".filters button")) {
    button.setAttribute("aria-pressed", wanted.kinds.has(Number(button.dataset.kind)));
  }
}

function sortBy(key) {
  order.down = order.by === key ? !order.down : key === "took";
  order.by = key;
  for (const head of table.querySelectorAll("[data-sort]")) {
    if (head.dataset.sort === key) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  update();
}

function turn(pagesOn) {
  first += pagesOn * PAGE;
  draw();
  table.scrollIntoView({ block: "start" });
}
