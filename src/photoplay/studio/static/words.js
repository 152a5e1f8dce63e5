// How a job stands and what was understood of it, in words.

const PHASES = {
  gather: "Looking at the photo",
  render: "Animating",
  sound: "Making the sound",
  publish: "Storing the clip",
  notify: "Done",
};
const ENDS = {
  succeeded: "Done",
  failed: "It did not work",
  canceled: "Canceled",
  expired: "Its files have expired",
  deleted: "Deleted",
};
// A move's name when its amount is positive, and when it is negative.
const MOVES = {
  static: ["hold still"],
  dolly: ["dolly in", "dolly out"],
  zoom: ["zoom in", "zoom out"],
  dolly_zoom: ["dolly zoom in", "dolly zoom out"],
  truck: ["slide right", "slide left"],
  pedestal: ["rise", "sink"],
  pan: ["pan right", "pan left"],
  tilt: ["tilt up", "tilt down"],
  roll: ["roll clockwise", "roll counter-clockwise"],
  orbit: ["orbit to the right", "orbit to the left"],
  crane: ["crane up", "crane down"],
  handheld: ["handheld sway"],
  push_through: ["push through"],
  rack_focus: ["focus onto the subject", "focus onto what is near"],
};

const percent = (share) => Math.round(share * 100);
const plain = (name) => name.replaceAll("_", " ");

export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** How a job stands, in one line. `seen` is a job, or what `follow` gives of one. */
export function status(seen) {
  if (seen.state in ENDS) return ENDS[seen.state];
  const left = seen.eta_s == null ? "" : `, about ${duration(seen.eta_s)} left`;
  if (seen.state === "queued") {
    const ahead = seen.queue_position;
    if (ahead == null) return `Waiting${left}`;
    return ahead === 0 ? `Waiting: next in line${left}` : `Waiting: ${ahead} before it${left}`;
  }
  return `${PHASES[seen.phase] || "Working"}: ${percent(seen.progress)} %${left}`;
}

/** A job's state as one word or two. */
export const state = (job) => ({ succeeded: "done", expired: "expired" })[job.state] || job.state;

/** What a job was asked for, in a few words. */
export function title(job) {
  const { prompt, effect, audio_of: soundOf } = job.request;
  return prompt || (effect && `Effect: ${effect}`) || (soundOf && "New sound") || "No prompt";
}

/** What was understood and made: pairs of a name and words. */
export function facts(job) {
  const plan = job.plan || {};
  const rows = [
    ["Prompt", job.request.prompt],
    ["Effect", plan.effect || job.request.effect],
    ["Camera", (plan.shot?.moves || []).map(move).join("; ")],
    ["Motion", (plan.life || []).filter((life) => life.strength > 0).map((life) => plain(life.kind)).join(", ")],
    ["Sounds", (plan.sounds || []).map(plain).join(", ")],
    ["Speech", plan.speech],
    ["Images", (plan.images || []).map(image).join("; ")],
    ["Heard by the sound", (plan.heard || []).join("; ")],
    ["Not understood", (plan.ignored || []).join("; ")],
    ["Notes", [...new Set([...(plan.notes || []), ...job.notes])].join(" · ")],
    ["Clip", clip(job)],
    ["Seed", job.request.seed],
    ["Cost", job.credits ? `${job.credits} credits` : ""],
  ];
  return rows.filter(([, words]) => words != null && words !== "").map(([name, words]) => [name, String(words)]);
}

function move({ kind, amount, start, end }) {
  const [forward, back] = MOVES[kind] || [plain(kind)];
  const name = amount < 0 && back ? back : forward;
  return start === 0 && end === 1 ? name : `${name} (${percent(start)}–${percent(end)} %)`;
}

function image({ number, role, shows }) {
  const what = shows ? ` (${shows})` : "";
  return `${number == null ? "painted" : `photo ${number}`}: ${plain(role)}${what}`;
}

function clip(job) {
  if (job.state !== "succeeded" || !job.width) return "";
  return `${job.width} × ${job.height}, ${Number(job.duration_s.toFixed(1))} s, ${job.fps} frames a second`;
}
