// The HTTP API as the page uses it. Nothing here knows of the page.

const KEY = "photoplay.key";
const FINAL = new Set(["succeeded", "failed", "canceled", "expired", "deleted"]);
const PAUSE_MS = 2000; // between two tries to follow a job, where the server names no other

/** A refusal of the server (problem details), in words. */
export class Refusal extends Error {
  constructor(status, problem, retryAfterS) {
    const wait = retryAfterS ? ` Try again in ${retryAfterS} s.` : "";
    super(sentence(problem.detail || problem.title || `The server answered with status ${status}`) + wait);
    this.status = status;
    this.code = problem.code || "";
    this.field = problem.field || "";
    // Beside its field it need not be named again.
    const named = `${this.field}: `;
    if (this.field && problem.detail?.startsWith(named)) this.beside = sentence(problem.detail.slice(named.length));
  }
}

/** The server could not be reached, or the connection broke: whether it did what was asked is not known. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached. Check the connection and try again.");
  }
}

function sentence(text) {
  const whole = text.trim();
  return whole.charAt(0).toUpperCase() + whole.slice(1) + (/[.!?…]$/.test(whole) ? "" : ".");
}

// The key lives as long as the tab does.
export const key = {
  get: () => sessionStorage.getItem(KEY) || "",
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

/** The answer to a request with the key; throws Refusal, Unreachable, or AbortError. */
async function send(path, { method = "GET", body, headers = {}, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, { method, body, signal, headers: { authorization: `Bearer ${key.get()}`, ...headers } });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Unreachable();
  }
  if (answer.ok) return answer;
  const isJson = (answer.headers.get("content-type") || "").includes("json");
  const problem = isJson ? await answer.json() : {};
  throw new Refusal(answer.status, problem, answer.headers.get("retry-after"));
}

const read = async (path, options) => (await send(path, options)).json();
const pathOf = (id) => `/v1/jobs/${encodeURIComponent(id)}`;

export const account = () => read("/v1/account");
export const catalog = () => read("/v1/catalog");
export const readJob = (id, signal) => read(pathOf(id), { signal });
export const cancelJob = (id) => read(`${pathOf(id)}/cancel`, { method: "POST" });
export const deleteJob = (id) => send(pathOf(id), { method: "DELETE" });
export const createJob = (form, idempotencyKey) =>
  read("/v1/jobs", { method: "POST", body: form, headers: { "idempotency-key": idempotencyKey } });

export function listJobs(limit, cursor) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (cursor) query.set("cursor", cursor);
  return read(`/v1/jobs?${query}`);
}

/** A key that no other request has. (crypto.randomUUID is there only where a page came by HTTPS.) */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const isFinal = (state) => FINAL.has(state);

/**
 * How a job goes on, until it has ended or `signal` aborts: objects with `state`, `phase`, `progress`,
 * `queue_position`, `eta_s`, and at the end `job`, the whole job. Events of the server come as they happen; where
 * their stream cannot be had, or breaks, the job itself is read now and then.
 */
export async function* follow(id, signal) {
  const memory = { last: "", pauseMs: PAUSE_MS };
  while (!signal.aborted) {
    try {
      for await (const seen of streamed(id, memory, signal)) {
        yield seen;
        if (seen.job) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
    }
    try {
      const job = await readJob(id, signal);
      yield { ...job, job: isFinal(job.state) ? job : null };
      if (isFinal(job.state)) return;
    } catch (error) {
      if (signal.aborted) return;
      const busy = error instanceof Refusal && (error.status === 429 || error.status >= 500);
      if (!busy && !(error instanceof Unreachable)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, memory.pauseMs));
  }
}

// EventSource cannot send the key, so the stream is read by hand: https://html.spec.whatwg.org/#event-stream-interpretation
async function* streamed(id, memory, signal) {
  const headers = { accept: "text/event-stream" };
  if (memory.last) headers["last-event-id"] = memory.last;
  const answer = await send(`${pathOf(id)}/events`, { headers, signal });
  if (answer.status === 204) return;
  for await (const fields of eventsOf(answer.body)) {
    if (/^\d+$/.test(fields.retry || "")) memory.pauseMs = Number(fields.retry);
    if (fields.id) memory.last = fields.id;
    if (fields.data) yield JSON.parse(fields.data);
  }
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read().catch(() => { throw new Unreachable(); });
      if (done) return;
      text = (text + value).replaceAll("\r\n", "\n");
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) yield fieldsOf(block);
    }
  } finally {
    await reader.cancel().catch(() => {}); // it may have broken already, which its reader was told
  }
}

function fieldsOf(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (name === "data" && "data" in fields) fields.data += `\n${value}`;
    else if (name) fields[name] = value;
  }
  return fields;
}
