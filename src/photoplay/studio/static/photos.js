// The photos that are to be animated: chosen, dropped or pasted.

import { $, make, say, show } from "./dom.js";

/** The photos of the form. `changed` is called whenever they are others. */
export class Photos {
  constructor(changed) {
    this.files = [];
    this.max = 1;
    this.changed = changed;
    this.urls = new Map(); // file -> address of its preview
    const drop = $("drop");
    const input = $("images");
    input.addEventListener("change", () => {
      this.add([...input.files]);
      input.value = ""; // so that the same file can be chosen again
    });
    for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => this.#over(event, true));
    for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, (event) => this.#over(event, false));
    drop.addEventListener("drop", (event) => this.add([...event.dataTransfer.files]));
    document.addEventListener("paste", (event) => {
      const pasted = [...(event.clipboardData?.files || [])];
      if (!pasted.length || $("studio").hidden) return;
      event.preventDefault();
      this.add(pasted);
    });
  }

  /** At most so many; `max` is what the model takes. */
  limit(max) {
    this.max = max;
    $("images").multiple = max > 1;
    say($("images-hint"), max > 1 ? `JPEG, PNG, WebP and more. Up to ${max} photos.` : "JPEG, PNG, WebP and more.");
    this.#draw();
  }

  add(files) {
    const photos = files.filter((file) => file.type.startsWith("image/"));
    const others = files.filter((file) => !photos.includes(file));
    if (this.max === 1 && photos.length === 1) this.files = [];
    const fitting = photos.slice(0, this.max - this.files.length);
    this.files.push(...fitting);
    let wrong = "";
    if (others.length) wrong = `${others[0].name} is not a photo.`;
    else if (fitting.length < photos.length) wrong = `At most ${this.max} photos can be animated together.`;
    this.#draw();
    this.changed(wrong);
  }

  /** The address of the first photo's preview, or nothing. */
  preview() {
    return this.files.length ? this.#url(this.files[0]) : "";
  }

  #over(event, inside) {
    event.preventDefault();
    $("drop").classList.toggle("over", inside);
  }

  // A preview's address is kept as long as the page: the clip that is being made shows it, too.
  #url(file) {
    if (!this.urls.has(file)) this.urls.set(file, URL.createObjectURL(file));
    return this.urls.get(file);
  }

  #draw() {
    const list = $("photos");
    list.replaceChildren(...this.files.map((file, index) => this.#item(file, index)));
    show(list, this.files.length > 0);
    $("drop").classList.toggle("full", this.files.length > 0);
  }

  #item(file, index) {
    const image = make("img", { src: this.#url(file), alt: file.name });
    image.addEventListener("error", () => image.replaceWith(file.name)); // a kind this browser does not show
    const remove = make("button", { type: "button", "aria-label": `Remove ${file.name}` }, "×");
    remove.addEventListener("click", () => {
      this.files.splice(index, 1);
      this.#draw();
      this.changed("");
      $("images").focus();
    });
    const item = make("li", {}, image, remove);
    if (this.files.length > 1) item.append(make("span", {}, String(index + 1)));
    return item;
  }
}
