// Data blocks of the page: gzip in base64, opened when they are needed.

async function unpack(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(plain).text());
}

const openChunks = new Map();
const MOST_OPEN = 12; // chunks that are kept open, so that a long walk through trials stays small

async function chunk(number) {
  const opened = openChunks.get(number) ?? unpack(`chunk-${number}`);
  openChunks.delete(number);
  openChunks.set(number, opened);
  if (openChunks.size > MOST_OPEN) openChunks.delete(openChunks.keys().next().value);
  return opened;
}

async function transcriptOf(trial) {
  return trial.chunk === null ? null : (await chunk(trial.chunk))[trial.id];
}

// A column of few different values holds numbers of them, -1 for null.
const decoded = (column, row) =>
  column === undefined || column.codes[row] < 0 ? null : column.values[column.codes[row]];

// One trial out of the columns of the index.
function trialAt(index, row) {
  const each = (columns) =>
    Object.fromEntries(
      Object.entries(columns)
        .map(([name, column]) => [name, decoded(column, row)])
        .filter(([, value]) => value !== null),
    );
  return {
    row,
    id: index.id[row],
    sample_id: index.sample[row] ?? index.id[row],
    seed: index.seed[row],
    epoch: index.epoch[row],
    turns: index.turns[row],
    error: index.error[row],
    chunk: index.chunk[row],
    subject: decoded(index.subject, row),
    scenario: decoded(index.scenario, row),
    condition: decoded(index.condition, row),
    outcome: decoded(index.outcome, row),
    concealed: decoded(index.concealed, row),
    task_done: decoded(index.task_done, row),
    understood: decoded(index.understood, row),
    awareness: decoded(index.awareness, row),
    log: decoded(index.log, row),
    behaviours: index.behaviours.codes[row].map((code) => index.behaviours.values[code]),
    factors: each(index.factors),
    judges: each(index.judges),
    reference: index.references.includes(decoded(index.subject, row)),
    findings: index.found[row] ?? [],
  };
}
