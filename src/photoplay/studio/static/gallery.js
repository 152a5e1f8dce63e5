// The account's last jobs.

import * as api from "./api.js";
import { $, make, say, show } from "./dom.js";
import * as words from "./words.js";

const PAGE = 12;

/** The list of jobs. `open(job)` is called with the one that is chosen, `askToDelete(job)` with one to be deleted. */
export class Gallery {
  constructor({ open, askToDelete }) {
    this.open = open;
    this.askToDelete = askToDelete;
    this.cursor = null;
    this.current = "";
    $("more").addEventListener("click", () => this.#load(this.cursor));
  }

  /** Reads the newest jobs again; gives them. */
  refresh() {
    return this.#load(null);
  }

  /** Marks the job that is shown. */
  mark(id) {
    this.current = id;
    for (const item of $("clips").children) this.#mark(item);
  }

  /** Takes a job out of the list. */
  drop(id) {
    for (const item of [...$("clips").children]) if (item.dataset.id === id) item.remove();
    show($("gallery-empty"), !$("clips").children.length);
  }

  async #load(cursor) {
    say($("gallery-error"), "");
    try {
      const { jobs, next_cursor: next } = await api.listJobs(PAGE, cursor);
      const items = jobs.map((job) => this.#item(job));
      if (cursor) {
        $("clips").append(...items);
        items[0]?.querySelector("button").focus();
      } else {
        $("clips").replaceChildren(...items);
      }
      this.cursor = next;
      show($("more"), Boolean(next));
      show($("gallery-empty"), !$("clips").children.length);
      return jobs;
    } catch (error) {
      say($("gallery-error"), error.message);
      return [];
    }
  }

  #item(job) {
    const thumbnail = job.files.find((file) => file.kind === "thumbnail");
    const still = thumbnail
      ? make("img", { loading: "lazy", alt: "", src: thumbnail.url })
      : words.status(job).replace(/:.*/, "");
    const title = words.title(job);
    const open = make("button", { type: "button", className: "open" },
      make("span", { className: "thumb" }, still),
      make("span", { className: "words" }, title),
    );
    open.addEventListener("click", () => this.#open(job));
    const made = new Date(job.created_at);
    const when = made.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    const foot = make("span", { className: "foot" },
      make("span", {}, `${words.state(job)} · `, make("time", { dateTime: job.created_at }, when)),
    );
    if (api.isFinal(job.state)) {
      const remove = make("button", { type: "button", className: "quiet", "aria-label": `Delete: ${title}` }, "Delete");
      remove.addEventListener("click", () => this.askToDelete(job));
      foot.append(remove);
    }
    const item = make("li", {}, open, foot);
    item.dataset.id = job.id;
    this.#mark(item);
    return item;
  }

  #mark(item) {
    if (item.dataset.id === this.current) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  }

  // What the list knows of it may be old, and its links may have ended.
  async #open(job) {
    say($("gallery-error"), "");
    try {
      this.open(await api.readJob(job.id));
    } catch (error) {
      say($("gallery-error"), error.message);
    }
  }
}
