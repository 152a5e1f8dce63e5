// One job: how it goes on, and its clip once it is there.

import * as api from "./api.js";
import { $, make, say, show } from "./dom.js";
import * as words from "./words.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The place that shows one job. `changed()` is called when it has ended, `gone()` when it was deleted. */
export class Result {
  constructor({ changed, askToDelete }) {
    this.changed = changed;
    this.job = null;
    this.following = new AbortController();
    $("cancel").addEventListener("click", () => this.#cancel());
    $("remove").addEventListener("click", () => askToDelete(this.job));
  }

  /** Shows a job and follows it to its end. `preview` is the address of its photo, where it is known. */
  async show(job, preview = "") {
    this.clear();
    const following = (this.following = new AbortController());
    show($("empty"), false);
    show($("job"), true);
    $("cancel").disabled = false;
    if (preview && !api.isFinal(job.state)) {
      $("frame").append(make("img", { src: preview, alt: "The photo", className: "waiting" }));
    }
    this.#draw(job);
    if (api.isFinal(job.state)) return;
    try {
      await this.#follow(job, following.signal);
    } catch (error) {
      if (!following.signal.aborted) say($("job-error"), error.message);
    }
  }

  /** Shows nothing, and follows nothing any more. */
  clear() {
    this.following.abort();
    this.job = null;
    for (const media of $("frame").querySelectorAll("video")) media.removeAttribute("src");
    $("frame").replaceChildren();
    $("facts").replaceChildren();
    say($("job-error"), "");
    show($("job"), false);
    show($("empty"), true);
  }

  async #follow(job, signal) {
    let phase = job.phase;
    for await (const seen of api.follow(job.id, signal)) {
      if (signal.aborted) return;
      if (seen.job) {
        this.#draw(seen.job);
        this.changed();
        return;
      }
      this.#progress(seen);
      if (seen.phase !== phase && ["sound", "publish"].includes(seen.phase)) {
        phase = seen.phase;
        const now = await api.readJob(job.id, signal); // it knows by now what was understood
        if (!signal.aborted && !api.isFinal(now.state)) this.#facts(now);
      }
    }
  }

  #draw(job) {
    this.job = job;
    const live = !api.isFinal(job.state);
    this.#progress(job);
    this.#facts(job);
    show($("progress"), live);
    show($("cancel"), live);
    show($("remove"), !live && job.state !== "deleted");
    const failed = job.error && job.state !== "canceled";
    say($("job-error"), failed ? `${job.error.message || job.error.code}` : "");
    const download = $("download");
    show(download, Boolean(job.video_url));
    if (job.video_url) {
      download.href = job.video_url;
      download.download = `${job.id}.mp4`;
      this.#play(job);
    } else if (!live) {
      $("frame").replaceChildren();
    }
  }

  #progress(seen) {
    const line = words.status(seen);
    if ($("status").textContent !== line) $("status").textContent = line;
    $("progress").value = seen.progress;
  }

  #facts(job) {
    const rows = words.facts(job).flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]);
    $("facts").replaceChildren(...rows);
  }

  #play(job) {
    const thumbnail = job.files.find((file) => file.kind === "thumbnail");
    const video = make("video", {
      controls: true,
      loop: true,
      playsInline: true,
      preload: "auto",
      poster: thumbnail?.url || "",
      src: job.video_url,
      "aria-label": `The clip: ${words.title(job)}`,
    });
    video.addEventListener("error", () => this.#unplayable(job, video), { once: true });
    $("frame").replaceChildren(video);
    if (!calm.matches) video.play().catch(() => {}); // a browser may want a click first: the controls are there
  }

  // A link ends some time; the job, read again, has a fresh one.
  async #unplayable(job, video) {
    if (this.job !== job || !video.isConnected) return;
    try {
      const now = await api.readJob(job.id);
      if (this.job !== job) return;
      if (now.video_url && now.video_url !== job.video_url) this.#draw(now);
      else if (now.video_url) say($("job-error"), "This browser cannot play the clip. It can be downloaded.");
      else this.#draw(now);
    } catch (error) {
      say($("job-error"), error.message);
    }
  }

  async #cancel() {
    $("cancel").disabled = true;
    try {
      await api.cancelJob(this.job.id); // that it has ended comes the same way as all else that happens to it
    } catch (error) {
      $("cancel").disabled = false;
      say($("job-error"), error.message);
    }
  }
}
