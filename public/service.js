// Keeps the page for the next visit: it then loads nothing, and needs no server. `cargo xtask` writes a version and the
// SHA-256 of the page's files into the first three lines; one version's files are kept together, so that page and engine
// fit, and a file is kept only if it is the one that was built.
const VERSION = "";
const FILES = {};
// Larger sets of images, kept once they are asked for. They are no part of a version: they are CIFAR-10 in any.
const PARTS = {};

// Caches belong to an origin, which may hold several of these pages, and other applications.
const PREFIX = `rote ${self.registration.scope} `;
const KEPT = PREFIX + VERSION;
const DATA = `${PREFIX}parts`;

self.addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(KEPT);
    await Promise.all(Object.entries(FILES).map(async ([name, sha256]) => cache.put(name, await built(name, sha256))));
  };
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(PREFIX) && name !== KEPT && name !== DATA;
  const forget = async () => Promise.all((await caches.keys()).filter(old).map((name) => caches.delete(name)));
  event.waitUntil(Promise.all([forget(), self.clients.claim()]));
});

// A page that has just been opened, and has begun nothing, asks for the version that waits. It gets it if no other page
// is open, which would be left with an engine that does not fit.
self.addEventListener("message", (event) => {
  const pages = self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const ours = ({ url }) => url.startsWith(self.registration.scope);
  if (event.data === "activate") event.waitUntil(pages.then((all) => all.filter(ours).length < 2 && self.skipWaiting()));
});

self.addEventListener("fetch", (event) => {
  const name = nameOf(event.request);
  if (name) event.respondWith(answer(event, name));
});

// Which of the page's files is asked for, if it is one of this version.
function nameOf({ method, url }) {
  const { origin, pathname, searchParams } = new URL(url);
  const scope = self.registration.scope;
  if (method !== "GET" || !(origin + pathname).startsWith(scope)) return undefined;
  if ((searchParams.get("v") ?? VERSION) !== VERSION) return undefined;
  const name = (origin + pathname).slice(scope.length).replace(/^index\.html$/, "") || "./";
  return name in FILES || name in PARTS ? name : undefined;
}

// What is kept, else the server's answer, which is kept if it is the file that was built. Who asks past all caches has
// found something wrong with what is kept.
async function answer(event, name) {
  const { request } = event;
  const cache = await caches.open(name in FILES ? KEPT : DATA);
  const kept = await cache.match(name);
  if (kept && request.cache !== "reload") return kept;
  try {
    const response = await fetch(request);
    const [copy, checked] = [response.clone(), response.clone()];
    const keep = async () => (await is(checked, FILES[name] ?? PARTS[name])) && cache.put(name, copy);
    // A full disk must not keep a student from the lesson.
    event.waitUntil(keep().catch(() => {}));
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

// The file as it was built. One that is cut off or of another build is asked for again, past every cache. Where the server
// led elsewhere, that is not kept: browsers refuse such an answer as a page.
async function built(name, sha256) {
  for (const cache of ["no-cache", "reload"]) {
    const response = await fetch(name, { cache });
    if (await is(response.clone(), sha256)) return response.redirected ? new Response(response.body, response) : response;
  }
  throw new Error(`the server's ${name} is not the file that was built`);
}

async function is(response, sha256) {
  if (response.status !== 200) return false;
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.arrayBuffer()));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}
