/* What the review does when its server is gone: it says so, does nothing meanwhile, and comes back by itself. */

const PROBE_MS = 1000;
const PROBE_MOST_MS = 15_000;
/** A page that is lost again so soon after it came back waits longer before it does so once more. */
const SOON_MS = 20_000;
const KEPT = "workbench.review.back";
/** What of the page's address says how the review stood, so that it stands so again. */
const STOOD = ["symbol", "interval", "tab", "at"];

/** Have something done once when the connection that this page was made for has ended. */
function onLoss(act) {
  let done = false;
  const once = () => {
    if (!done) act();
    done = true;
  };
  for (const each of globalThis.Bokeh?.documents ?? []) {
    each.on_event("connection_lost", () => {
      // Of what still changes, as where a window is made smaller, there is nobody to be told.
      each._callbacks?.clear();
      once();
    });
  }
}

/** An instant of the session's own clock, as an address has it. */
function instantOf(ms) {
  return new Date(ms).toISOString().slice(0, 23);
}

/** The address at which the review opens as it stands; without it as the day opens. */
function addressOf(model, stands) {
  const address = new URL(location.href);
  const given = {
    // Before there is a day the address says more than the page knows.
    session: model.session || (address.searchParams.get("session") ?? ""),
    account: model.account || (stands ? (address.searchParams.get("account") ?? "") : ""),
    ...Object.fromEntries(STOOD.map((name) => [name, stands ? (model[name] ?? "") : ""])),
  };
  const instant = document.documentElement.dataset.instant;
  if (stands && instant) given.at = instantOf(Number(instant));
  for (const [name, value] of Object.entries(given)) {
    if (value || !STOOD.includes(name)) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  return address;
}

/** Whether the server answers; what stands before one that is away says so with 502 to 504. */
async function answers() {
  try {
    return (await fetch(new URL("/favicon.ico", location.href), { cache: "no-store" })).status < 500;
  } catch {
    return false;
  }
}

/** How many times in a row the page was lost as soon as it had come back. */
function losses() {
  const { at = 0, count = 0 } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  const now = Date.now();
  const again = now - at < SOON_MS ? count + 1 : 0;
  sessionStorage.setItem(KEPT, JSON.stringify({ at: now, count: again }));
  return again;
}

/**
 * Say that the server is gone, take everything out of reach, and open the page anew as soon as it answers.
 *
 * What the page shows lives in the server, so it cannot go on where it was: it is opened once more, as it stood.
 * Where the log-in is over the server sends the browser to log in, and from there back.
 */
function leaveAndComeBack(model, root) {
  onLoss(() => {
    const band = make(
      "div",
      { class: "band", role: "alert", "data-testid": "review-lost" },
      "Connection lost: what you see is old, and nothing can be chosen. Trying again …",
    );
    for (const each of root.children) each.inert = true;
    root.prepend(band);
    // The replay has a module of its own.
    document.documentElement.dataset.link = "lost";
    document.dispatchEvent(new Event("review-lost"));
    const back = addressOf(model, true);
    // Not everybody of a class in the same moment.
    let wait = Math.min(PROBE_MOST_MS, PROBE_MS * 2 ** losses()) * (0.5 + Math.random());
    const ask = async () => {
      if (await answers()) location.replace(back);
      else setTimeout(ask, (wait = Math.min(PROBE_MOST_MS, wait * 1.3)));
    };
    setTimeout(ask, wait);
  });
}
