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
  const binary = rubric.levels.join() === "yes,no";
  const answers = rubric.levels.map((level, i) => ({ value: level, key: binary ? level[0] : i < 9 ? String(i + 1) : null }));
  if (rubric.several) answers.push({ value: NONE, key: "0" });
  return [...answers, { value: "unclear", key: "u" }];
}

// The verdict after one more press: where several levels may hold, levels go on and off.
function pressed(rubric, before, value) {
  if (!rubric.several || !rubric.levels.includes(value)) return value;
  const held = before === null ? [] : before.split(SEPARATOR);
  const kept = rubric.levels.filter((level) => held.includes(level) !== (level === value));
  return kept.join(SEPARATOR) || null;
}

const holds = (verdict, value) => verdict !== null && verdict.split(SEPARATOR).includes(value);

// questions: [{ rubric, label, dispute }]; acts: { answer, note, cite, drop, choose, done }
function panelView(heading, questions, active, acts) {
  return [
    el("header", { class: "panel-head" }, ...heading),
    ...questions.map((question, i) => (i === active ? openQuestion(question, questions.length > 1, acts) : closedQuestion(question, i, acts))),
  ];
}

function closedQuestion({ rubric, label }, place, acts) {
  return el("button", { type: "button", class: "question closed", onclick: () => acts.choose(place) },
    el("span", {}, rubric.title), verdictChip(label));
}

const verdictChip = (label) => label?.verdict
  ? el("span", { class: "chip answered" }, verdictName(label.verdict))
  : el("span", { class: "chip" }, "not answered");

function openQuestion(question, several, acts) {
  const { rubric, label } = question;
  return el("section", { class: "question", "aria-labelledby": "question" },
    el("p", { class: "muted title" }, rubric.title),
    el("h2", { id: "question", tabindex: "-1" }, rubric.question),
    rubric.definition ? el("details", { class: "definition", open: !narrow() }, el("summary", {}, "What counts"), el("p", {}, ...hidden(rubric.definition))) : null,
    question.dispute ? opinions(question.dispute) : null,
    answerButtons(rubric, label, acts),
    passages(label, acts),
    noteField(label, acts));
}

const narrow = () => matchMedia("(max-width: 860px)").matches;

function answerButtons(rubric, label, acts) {
  const buttons = answersOf(rubric).map(({ value, key }) =>
    el("button", { type: "button", class: `answer ${value}`, "data-answer": value, "aria-keyshortcuts": key,
      "aria-pressed": String(holds(label.verdict, value)), onclick: () => acts.answer(value) },
    key ? el("kbd", { "aria-hidden": "true" }, key) : null, levelName(value)));
  const done = rubric.several
    ? el("button", { type: "button", class: "primary", disabled: label.verdict === null, onclick: acts.done }, "Next ", el("kbd", { "aria-hidden": "true" }, "Enter")) : null;
  return el("div", { class: "answers", role: "group", "aria-labelledby": "question" }, ...buttons, done);
}

function noteField(label, acts) {
  const field = el("textarea", { id: "note", rows: "2", maxlength: "4000", placeholder: "Why (optional)" });
  field.value = label.note;
  field.addEventListener("change", () => acts.note(field.value));
  return el("div", { class: "note" },
    el("label", { for: "note" }, "Note ", el("kbd", { "aria-hidden": "true" }, "o")), field);
}
