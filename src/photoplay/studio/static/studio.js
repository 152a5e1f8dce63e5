// The page: lets in whoever has a key, and ties the form, the clip and the list of clips together.

import * as api from "./api.js";
import { $, say, show } from "./dom.js";
import { JobForm } from "./form.js";
import { Gallery } from "./gallery.js";
import { Result } from "./result.js";

const UNKNOWN_KEY = "The server does not know this key.";

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
    showAccount(await api.account());
  } catch (error) {
    if (error.status === 401) leave(UNKNOWN_KEY);
    else say($("account"), error.message);
  }
}

function showAccount({ name, plan, credits }) {
  say($("account"), `${name} · ${plan} · ${credits} credits`);
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

// Asks for the key. What the server refused is forgotten; a key that could not be tried stays where it was entered.
function leave(message = "", kept = "") {
  if (!kept) api.key.forget();
  result.clear();
  for (const id of ["studio", "gallery", "forget", "account"]) show($(id), false);
  $("clips").replaceChildren();
  show($("door"), true);
  say($("key-error"), message);
  $("key").value = kept;
  $("key").focus();
}

async function enter() {
  try {
    const [offer, account] = await Promise.all([api.catalog(), api.account()]);
    form.fill(offer);
    showAccount(account);
  } catch (error) {
    if (error.status === 401) leave(UNKNOWN_KEY);
    else leave(error.message, api.key.get());
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
