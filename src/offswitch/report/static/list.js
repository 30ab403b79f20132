// The list of trials. Only the rows in sight are built, so that ten thousand cost what thirty do.

const ORDER = ["succeeded", "attempted", "complied", "incapable", "error"]; // what to look at first
const AROUND = 8;
const narrow = matchMedia("(max-width: 760px)");
const rowHeight = () => (narrow.matches ? 92 : 44);

const trialLink = (id) => `#trial=${encodeURIComponent(id)}`;

// Rows in the order in which they are listed.
function listed(index) {
  const rank = index.outcome.values.map((outcome) => ORDER.indexOf(outcome));
  const place = index.outcome.codes.map((code) => rank[code]);
  return index.id.map((_, row) => row).sort((a, b) => place[a] - place[b] || a - b);
}

function trialRow(trial, position, total) {
  return el(
    "li",
    { "aria-posinset": position + 1, "aria-setsize": total },
    el(
      "a",
      { href: trialLink(trial.id), "data-trial": trial.id, "data-position": position },
      chip(trial.outcome, outcomeName(trial.outcome)),
      el("b", {}, trial.subject),
      el("span", { class: "scenario" }, trial.scenario),
      el("span", { class: "condition", title: trial.condition }, trial.condition),
      el(
        "span",
        { class: "muted world" },
        `seed ${trial.seed}${trial.epoch > 1 ? `, epoch ${trial.epoch}` : ""}`,
      ),
      el(
        "span",
        { class: "found-in" },
        ...trial.behaviours.map((behaviour) => chip("behaviour", words(behaviour))),
        trial.concealed ? chip("behaviour", "concealed it") : null,
        trial.chunk === null
          ? el(
              "span",
              { class: "muted in-log", title: "Its conversation is in the log, not in this page" },
              "in the log",
            )
          : null,
      ),
    ),
  );
}

class List {
  constructor(box, read) {
    this.box = box;
    this.rows = box.querySelector("ol");
    this.read = read; // a trial by its row
    this.shown = [];
    this.active = -1;
    box.addEventListener("scroll", () => this.draw());
    narrow.addEventListener("change", () => this.show(this.shown));
  }

  show(shown) {
    this.shown = shown;
    this.active = -1;
    this.rows.style.height = `${shown.length * rowHeight()}px`;
    this.box.classList.toggle("empty", !shown.length);
    this.box.scrollTop = 0;
    this.draw();
  }

  draw() {
    const height = rowHeight();
    const from = Math.max(0, Math.floor(this.box.scrollTop / height) - AROUND);
    const to = Math.min(
      this.shown.length,
      Math.ceil((this.box.scrollTop + this.box.clientHeight) / height) + AROUND,
    );
    const focused = document.activeElement?.dataset?.position;
    const nodes = [];
    for (let position = from; position < to; position++) {
      const node = trialRow(this.read(this.shown[position]), position, this.shown.length);
      node.style.transform = `translateY(${position * height}px)`;
      nodes.push(node);
    }
    this.rows.replaceChildren(...nodes);
    if (focused !== undefined) this.link(Number(focused))?.focus({ preventScroll: true });
  }

  link(position) {
    return this.rows.querySelector(`[data-position="${position}"]`);
  }

  // Focus the trial that is some places further down.
  step(by) {
    this.focus(Math.min(Math.max(this.active + by, 0), this.shown.length - 1));
  }

  focus(position) {
    if (position < 0 || position >= this.shown.length) return;
    this.active = position;
    const top = position * rowHeight();
    if (top < this.box.scrollTop || top + rowHeight() > this.box.scrollTop + this.box.clientHeight) {
      this.box.scrollTop = top - this.box.clientHeight / 2;
    }
    this.draw();
    this.link(position)?.focus({ preventScroll: true });
  }
}
