// The page: lets in whoever has a key, and ties the form, the clip and the list of clips together.

import * as api from "./api.js";
import { $, say, show } from "./dom.js";
import { JobForm } from "./form.js";
import { Gallery } from "./gallery.js";
import { Result } from "./result.js";

const form = new JobForm((job, preview) => {
  open(job, preview);
  gallery.refresh();
  tellAccount();
});
const result = new Result({
  changed: () => {
    gallery.refresh();
    tellAccount();
  },
  askToDelete,
});
const gallery = new Gallery({ open, askToDelete });

function open(job, preview = "") {
  gallery.mark(job.id);
  result.show(job, preview);
  $("result").focus({ preventScroll: true });
  $("result").scrollIntoView({ block: "nearest" });
}

async function tellAccount() {
  try {
    const { name, plan, credits } = await api.account();
    say($("account"), `${name} · ${plan} · ${credits} credits`);
  } catch (error) {
    if (error.status === 401) leave(error.message);
    else say($("account"), error.message);
  }
}

// Deleting ----------------------------------------------------------------------------------------------------------

let doomed = null;

function askToDelete(job) {
  doomed = job;
  $("sure").showModal();
}

$("sure-no").addEventListener("click", () => $("sure").close());
$("sure-yes").addEventListener("click", async () => {
  const job = doomed;
  $("sure").close();
  const shown = result.job?.id === job.id;
  try {
    await api.deleteJob(job.id);
    gallery.drop(job.id);
    if (shown) result.clear();
    $("gallery-title").scrollIntoView({ block: "nearest" });
  } catch (error) {
    say(shown ? $("job-error") : $("gallery-error"), error.message);
  }
});

// The key -----------------------------------------------------------------------------------------------------------

function leave(message = "") {
  api.key.forget();
  result.clear();
  for (const id of ["studio", "gallery", "forget", "account"]) show($(id), false);
  $("clips").replaceChildren();
  show($("door"), true);
  say($("key-error"), message);
  $("key").value = "";
  $("key").focus();
}

async function enter() {
  try {
    const [offer] = await Promise.all([api.catalog(), tellAccount()]);
    if (!api.key.get()) return; // the account was refused meanwhile
    form.fill(offer);
  } catch (error) {
    leave(error.status === 401 ? "The server does not know this key." : error.message);
    return;
  }
  say($("key-error"), "");
  $("key").value = "";
  show($("door"), false);
  for (const id of ["studio", "gallery", "forget"]) show($(id), true);
  const [newest] = await gallery.refresh();
  if (newest && !api.isFinal(newest.state) && !result.job) open(newest); // it goes on while the page is loaded again
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = $("key").value.trim();
  if (!given) {
    say($("key-error"), "Enter an API key.");
    return;
  }
  if (!/^[\x21-\x7e]+$/.test(given)) {
    say($("key-error"), "An API key has only letters, digits and plain signs.");
    return;
  }
  api.key.set(given);
  enter();
});
$("forget").addEventListener("click", () => leave());

if (api.key.get()) enter();
else leave();
