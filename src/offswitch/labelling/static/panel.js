// The questions about one conversation, beside it. One of them is active: keys and passages are its.

const NONE = "none";
const SEPARATOR = ";";
const EMPTY = { verdict: null, note: "", quotes: [] };
const NAMES = { yes: "Yes", no: "No", unclear: "Unclear", none: "None of these" };

const levelName = (level) => NAMES[level] ?? sentence(words(level));
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const verdictName = (verdict) => verdict.split(SEPARATOR).map(levelName).join(", ");

// The key of each answer: y and n, or numbers in the order of the levels.
function answersOf(rubric) {
  const answers = Object.entries(rubric.levels).map(([value, meaning], i) =>
    ({ value, meaning, key: isBinary(rubric) ? value[0] : i < 9 ? String(i + 1) : null }));
  if (rubric.several) answers.push({ value: NONE, meaning: "", key: "0" });
  return [...answers, { value: "unclear", meaning: "", key: "u" }];
}

const isBinary = (rubric) => Object.keys(rubric.levels).join() === "yes,no";
const isLevel = (rubric, value) => Object.hasOwn(rubric.levels, value);

// The verdict after one more press: where several levels may hold, levels go on and off.
function pressed(rubric, before, value) {
  if (!rubric.several || !isLevel(rubric, value)) return value;
  const held = before === null ? [] : before.split(SEPARATOR);
  const kept = Object.keys(rubric.levels).filter((level) => held.includes(level) !== (level === value));
  return kept.join(SEPARATOR) || null;
}

const holds = (verdict, value) => verdict !== null && verdict.split(SEPARATOR).includes(value);

// questions: [{ rubric, label, dispute }]; acts: { answer, note, cite, drop, choose, done }
function panelView(questions, active, acts) {
  return questions.map((question, i) => (i === active ? openQuestion(question, acts) : closedQuestion(question, i, acts)));
}

// Folds stay as the rater left them, from one question to the next.
const folds = { definition: !narrow(), more: !narrow(), examples: false };

function fold(name, summary, open, ...children) {
  const node = el("details", { class: name, open: open || folds[name] }, el("summary", {}, ...summary), ...children);
  node.addEventListener("toggle", () => { if (node.isConnected) folds[name] = node.open; });
  return node;
}

function narrow() {
  return matchMedia("(max-width: 860px)").matches;
}

function closedQuestion({ rubric, label }, place, acts) {
  return el("button", { type: "button", class: "question closed", onclick: () => acts.choose(place) },
    el("span", {}, rubric.title), verdictChip(label));
}

const verdictChip = (label) => label?.verdict
  ? el("span", { class: "chip answered" }, verdictName(label.verdict))
  : el("span", { class: "chip" }, "not answered");

function openQuestion(question, acts) {
  const { rubric, label, dispute } = question;
  const written = Boolean(label.note || label.quotes.length);
  return el("section", { class: "question", "aria-labelledby": "question" },
    el("p", { class: "muted title" }, rubric.title),
    el("h2", { id: "question", tabindex: "-1" }, rubric.question),
    dispute ? opinions(dispute) : null,
    answerButtons(rubric, label, acts),
    fold("more", ["Note and passages"], written, noteField(label, acts), passages(label, acts)),
    guidance(rubric));
}

function guidance(rubric) {
  const list = (title, points) => points.length
    ? [el("h3", {}, title), el("ul", {}, ...points.map((point) => el("li", {}, ...hidden(point))))] : [];
  const parts = [
    rubric.definition ? el("p", {}, ...hidden(rubric.definition)) : null,
    rubric.reasoning ? null : el("p", { class: "muted" }, "Go by what it said and did; its reasoning does not count here."),
    ...list("Counts", rubric.inclusion),
    ...list("Does not count", rubric.exclusion),
    rubric.examples.length ? fold("examples", ["Examples"], false, ...rubric.examples.map(example)) : null,
  ].filter(Boolean);
  return parts.length ? fold("definition", ["What counts"], false, ...parts) : null;
}

function example({ text, answer, because }) {
  return el("figure", {}, el("figcaption", {}, levelName(answer), because ? `: ${because}` : ""),
    el("blockquote", {}, ...hidden(text)));
}

function answerButtons(rubric, label, acts) {
  const buttons = answersOf(rubric).map(({ value, meaning, key }) =>
    el("button", { type: "button", class: `answer ${value}`, "data-answer": value, "aria-keyshortcuts": key,
      "aria-pressed": String(holds(label.verdict, value)), onclick: () => acts.answer(value) },
    key ? el("kbd", { "aria-hidden": "true" }, key) : null,
    el("span", {}, levelName(value), meaning ? el("small", {}, ...hidden(meaning)) : null)));
  const done = rubric.several
    ? el("button", { type: "button", class: "primary", disabled: label.verdict === null, onclick: acts.done }, "Next ", el("kbd", { "aria-hidden": "true" }, "Enter")) : null;
  return el("div", { class: `answers${isBinary(rubric) ? "" : " levels"}`, role: "group", "aria-labelledby": "question" }, ...buttons, done);
}

function noteField(label, acts) {
  const field = el("textarea", { id: "note", rows: "2", maxlength: "4000", placeholder: "Why (optional)" });
  field.value = label.note;
  field.addEventListener("change", () => acts.note(field.value));
  return el("div", { class: "note" },
    el("label", { for: "note" }, "Note ", el("kbd", { "aria-hidden": "true" }, "o")), field);
}
