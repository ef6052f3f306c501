// Keeps the parts of a page that are marked with data-live fresh. Without it, reloading the page does the same.
const PERIOD = 5000;

async function refresh() {
  const region = document.querySelector("[data-live]");
  const busy = region?.contains(document.activeElement) || String(getSelection()) || region?.querySelector("details[open]");
  if (!region || busy || document.hidden) return;
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-live]");
  if (fresh) region.replaceWith(fresh);
}

if (document.querySelector("[data-live]")) setInterval(refresh, PERIOD);
