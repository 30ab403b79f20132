// What differs between two sequences: a longest common subsequence, for messages and for lines.

const MOST = 1_000_000; // pairs that are looked at; longer texts differ as a whole

// Pairs [left, right] of places; null on one side where something has no counterpart.
function aligned(left, right, same) {
  if (left.length * right.length > MOST)
    return [[...left.keys()].map((i) => [i, null]), [...right.keys()].map((j) => [null, j])].flat();
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i][j] = same(left[i], right[j])
        ? lengths[i + 1][j + 1] + 1
        : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const pairs = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (same(left[i], right[j])) pairs.push([i++, j++]);
    else if (lengths[i + 1][j] >= lengths[i][j + 1]) pairs.push([i++, null]);
    else pairs.push([null, j++]);
  }
  while (i < left.length) pairs.push([i++, null]);
  while (j < right.length) pairs.push([null, j++]);
  return pairs;
}

// Neighbours without a counterpart stand beside each other where they are alike in kind.
function besideEachOther(pairs, alike) {
  const rows = [];
  for (let start = 0; start < pairs.length;) {
    if (pairs[start][0] !== null && pairs[start][1] !== null) {
      rows.push([...pairs[start++], true]);
      continue;
    }
    let end = start;
    while (end < pairs.length && (pairs[end][0] === null || pairs[end][1] === null)) end++;
    const lefts = pairs
      .slice(start, end)
      .map(([i]) => i)
      .filter((i) => i !== null);
    const rights = pairs
      .slice(start, end)
      .map(([, j]) => j)
      .filter((j) => j !== null);
    for (const [i, j] of aligned(lefts, rights, alike))
      rows.push([i === null ? null : lefts[i], j === null ? null : rights[j], false]);
    start = end;
  }
  return rows;
}

// The lines of a text, each with whether the other text has it too.
function markedLines(text, other) {
  const [lines, others] = [text.split("\n"), other.split("\n")];
  const common = new Set(
    aligned(lines, others, (a, b) => a === b)
      .filter(([i, j]) => i !== null && j !== null)
      .map(([i]) => i),
  );
  return lines.map((line, i) => [line, !common.has(i)]);
}
