// Data blocks of the page: gzip in base64, opened when they are needed.

async function unpack(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(plain).text());
}

const openChunks = new Map();

async function transcriptOf(trial) {
  if (trial.chunk === null) return null;
  if (!openChunks.has(trial.chunk)) openChunks.set(trial.chunk, unpack(`chunk-${trial.chunk}`));
  return (await openChunks.get(trial.chunk))[trial.id];
}
