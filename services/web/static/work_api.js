// The page's way to /api/v1: the user's token, exact amounts in both directions, and problems as errors.

const TOKEN = "tieout-token";

export const token = () => sessionStorage.getItem(TOKEN);
export const keepToken = (given) => (given ? sessionStorage.setItem(TOKEN, given) : sessionStorage.removeItem(TOKEN));

/** What the API refused; `detail` is one sentence, `code` and `reason` are stable names. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? String(status));
    this.status = status;
    this.code = problem.code;
    this.reason = problem.reason;
  }
}

// Amounts are integers beyond what a JavaScript number holds: they are read as strings. Inside a JSON text a quote is
// always escaped, so a quoted name followed by digits is a member of the document and never a part of somebody's words.
const exact = (text) => JSON.parse(text.replace(/"(\w*_minor)":(\s*)(-?\d+)/g, '"$1":$2"$3"'));

/** JSON with every bigint as a bare integer. */
function written(value) {
  const text = JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `\u0000${inner}` : inner));
  return text.replace(/"\\u0000(-?\d+)"/g, "$1");
}

async function answered(path, options = {}) {
  const headers = { ...options.headers };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  const answer = await fetch(`/api/v1/${path}`, { ...options, headers, cache: "no-store" });
  const text = await answer.text();
  if (!answer.ok) {
    let problem = {};
    try {
      problem = JSON.parse(text);
    } catch {
      problem = { detail: text.slice(0, 200) }; // something between here and the API answered
    }
    throw new Refused(answer.status, problem);
  }
  return exact(text);
}

export const get = (path) => answered(path);
export const post = (path, body) =>
  answered(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: written(body) });

/** A query of those parameters that have a value; lists repeat their name. */
export function query(parameters) {
  const made = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== "" && one !== null && one !== undefined && one !== false) made.append(name, one);
  }
  return made.toString();
}
