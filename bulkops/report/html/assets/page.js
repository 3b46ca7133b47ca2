// What the page listens to.

const controls = document.querySelector(".controls");
const filters = document.querySelector(".filters");
const counts = kinds.map((kind) => accounts.reduce((sum, account) => sum + (account.kind === kind.place), 0));

for (const kind of kinds.filter((one) => counts[one.place])) {
  const label = `${kind.word} ${number.format(counts[kind.place])}`;
  filters.append(make("button", { type: "button", "data-kind": kind.place, "aria-pressed": "false" }, mark(kind), label));
}

filters.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const kind = Number(button.dataset.kind);
  if (!wanted.kinds.delete(kind)) wanted.kinds.add(kind);
  pressed();
  update();
});

search.addEventListener("input", () => {
  wanted.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  update();
});

reset.addEventListener("click", () => {
  forget();
  update();
  search.focus();
});

table.tHead.addEventListener("click", (event) => {
  const head = event.target.closest("[data-sort]");
  if (head) sortBy(head.dataset.sort);
});

body.addEventListener("click", (event) => {
  const button = event.target.closest("button[aria-expanded]");
  if (button) toggle(Number(button.closest("tr").dataset.place));
});

document.getElementById("previous").addEventListener("click", () => turn(-1));
document.getElementById("next").addEventListener("click", () => turn(1));

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-only], [data-cluster]");
  if (link) {
    forget();
    if (link.dataset.only) wanted.kinds.add(kinds.find((kind) => kind.name === link.dataset.only).place);
    else wanted.cluster = Number(link.dataset.cluster);
    pressed();
    update();
  }
  const copy = event.target.closest(".copy");
  if (copy) copyText(copy);
});

/** A page opened from a disk may not reach the clipboard: then the command is selected, ready to be copied by hand. */
async function copyText(button) {
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
  event.preventDefault();
  search.focus();
});

mosaic.addEventListener("pointermove", (event) => point(under(event)));
mosaic.addEventListener("click", (event) => {
  const place = under(event);
  if (place >= 0) reveal(place);
});
mosaic.addEventListener("keydown", move);
new ResizeObserver(layOut).observe(mosaic);

matchMedia("(max-width: 40rem)").addEventListener("change", () => draw());
addEventListener("beforeprint", () => draw(PRINTED));
addEventListener("afterprint", () => draw());

controls.hidden = false;
table.hidden = false;
layOut();
update();
