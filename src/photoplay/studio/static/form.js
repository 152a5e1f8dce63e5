// The form: what is asked for, and what the server says of it.

import * as api from "./api.js";
import { $, make, say, show } from "./dom.js";
import { Photos } from "./photos.js";

const EXAMPLES = [
  "slow dolly in",
  "pan left, then zoom out",
  "orbit to the right",
  "gentle handheld sway",
  "hair and leaves sway in the wind",
  "snow falls",
];
const TEXTS = ["prompt", "negative_prompt", "effect", "resolution", "duration_s", "aspect_ratio", "seed"];
const USUAL = { resolution: "720p", duration_s: 5 };

/** The form. `made(job, preview)` is called with each job that the server has taken. */
export class JobForm {
  constructor(made) {
    this.made = made;
    this.form = $("job-form");
    this.photos = new Photos((wrong) => this.complain("images", wrong));
    this.pending = null; // {asked, key} of a request whose answer did not come
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.form.addEventListener("input", (event) => this.complain(event.target.name || event.target.id, ""));
    $("model").addEventListener("change", () => this.#choose($("model").value));
    $("duration_s").addEventListener("input", () => this.#press());
    for (const radio of this.form.elements.sound) {
      radio.addEventListener("change", () => show($("audio-part"), this.#sound() === "file"));
    }
    $("chips").append(...EXAMPLES.map((words) => this.#chip(words)));
  }

  /** What may be asked for, as `/v1/catalog` says. */
  fill({ models, effects, default_model: usual }) {
    this.models = models;
    const effect = $("effect");
    effect.replaceChildren(option("", "None"), ...effects.map(({ name, label }) => option(name, label)));
    $("model").replaceChildren(...models.map(({ name, label }) => option(name, label)));
    show($("model-part"), models.length > 1);
    const first = models.find(({ name }) => name === usual) || models[0];
    $("animate").disabled = !first;
    if (first) {
      $("model").value = first.name;
      this.#choose(first.name);
    } else {
      say($("form-error"), "This server offers no model to photoplay's own API.");
    }
  }

  /** Shows what is wrong with a field, beside it; an empty text takes it away. False where there is no such field. */
  complain(field, text) {
    const place = $(`${field}-error`);
    if (!place) return false;
    say(place, text);
    const control = $(field);
    if (text) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    return true;
  }

  /** Shows a refusal beside the field it names, or at the end of the form. */
  refuse(error) {
    const field = (error.field || "").split(/[.+]/)[0];
    if (!field || !this.complain(field, error.beside || error.message)) {
      say($("form-error"), error.message);
      return;
    }
    const control = $(field);
    const folded = control.closest("details");
    if (folded) folded.open = true;
    if (field === "audio" && this.#sound() !== "file") return; // its file cannot be seen
    control.focus();
  }

  #choose(name) {
    const model = this.models.find((one) => one.name === name);
    this.model = model;
    this.photos.limit(model.max_images);
    fillSelect($("resolution"), model.resolutions.map((size) => size.name), USUAL.resolution);
    const ratios = model.aspect_ratios;
    fillSelect($("aspect_ratio"), ratios, ratios[0], (ratio) => (ratio === "auto" ? "As the photo" : ratio));
    $("effect").disabled = !model.effects;
    $("prompt").maxLength = model.prompt_limit;
    for (const radio of this.form.elements.sound) radio.disabled = !model.sound && radio.value !== "none";
    if (!model.sound) this.form.elements.sound.value = "none";
    const lengths = model.durations_s;
    const input = $("duration_s");
    input.min = lengths[0];
    input.max = lengths.at(-1);
    input.readOnly = !model.any_duration;
    if (!lengths.includes(Number(input.value))) {
      input.value = lengths.includes(USUAL.duration_s) ? USUAL.duration_s : lengths[0];
    }
    $("lengths").replaceChildren(...lengths.map((seconds) => this.#length(seconds)));
    this.#press();
  }

  #length(seconds) {
    const button = make("button", { type: "button", value: seconds }, `${seconds} s`);
    button.addEventListener("click", () => {
      $("duration_s").value = seconds;
      this.complain("duration_s", "");
      this.#press();
    });
    return button;
  }

  #press() {
    const chosen = Number($("duration_s").value);
    for (const button of $("lengths").children) {
      button.setAttribute("aria-pressed", String(Number(button.value) === chosen));
    }
  }

  #chip(words) {
    const button = make("button", { type: "button" }, words);
    button.addEventListener("click", () => {
      const prompt = $("prompt");
      const before = prompt.value.trim().replace(/[.,;]$/, "");
      const joined = before ? `${before}, ${words}` : words;
      prompt.value = joined.charAt(0).toUpperCase() + joined.slice(1);
      this.complain("prompt", "");
      prompt.focus();
    });
    return button;
  }

  #sound() {
    return this.form.elements.sound.value;
  }

  /** The request as the parts of a form: text and files. */
  #parts() {
    const parts = this.photos.files.map((file) => ["images", file]);
    for (const name of TEXTS) {
      const control = $(name);
      if (control.value.trim() && !control.disabled) parts.push([name, control.value.trim()]);
    }
    if (this.models.length > 1) parts.push(["model", this.model.name]);
    parts.push(["audio", this.#sound() === "file" ? $("audio").files[0] : this.#sound()]);
    return parts;
  }

  async #submit() {
    for (const place of this.form.querySelectorAll(".error")) say(place, "");
    for (const control of this.form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    if (!this.photos.files.length) return this.refuse({ field: "images", message: "Choose a photo first." });
    if (this.#sound() === "file" && !$("audio").files.length) {
      return this.refuse({ field: "audio", message: "Choose a sound file, or another sound." });
    }
    const parts = this.#parts();
    const asked = JSON.stringify(parts.map(([name, value]) => [name, value instanceof File ? print(value) : value]));
    // The same request again, because no answer came to it, must not make a second clip.
    const key = this.pending?.asked === asked ? this.pending.key : api.freshKey();
    const body = new FormData();
    for (const [name, value] of parts) body.append(name, value);
    const button = $("animate");
    button.disabled = true;
    button.textContent = "Sending…";
    try {
      this.pending = { asked, key };
      const job = await api.createJob(body, key);
      this.pending = null;
      this.made(job, this.photos.preview());
    } catch (error) {
      if (error instanceof api.Refusal && error.status < 500) this.pending = null;
      this.refuse(error);
    } finally {
      button.disabled = false;
      button.textContent = "Animate";
    }
  }
}

const option = (value, label) => make("option", { value }, label);
const print = (file) => `${file.name} ${file.size} ${file.lastModified}`;

function fillSelect(select, values, usual, label = (value) => value) {
  const before = select.value;
  select.replaceChildren(...values.map((value) => option(value, label(value))));
  select.value = [before, usual, values[0]].find((value) => values.includes(value));
}
