// Keeps the page for the next visit: it then loads nothing, and needs no server. `cargo xtask serve` writes a version and
// the page's files into the first two lines; one version's files are kept together, so that page and engine fit.
const VERSION = "";
const FILES = [];

// Caches belong to an origin, which may hold several of these pages.
const PREFIX = `rote ${self.registration.scope} `;
const KEPT = PREFIX + VERSION;
// Larger sets of pictures, which are no part of a version: they are CIFAR-10 in any.
const DATA = `${PREFIX}data`;

self.addEventListener("install", (event) => {
  // Asked for anew: an answer that was kept by the browser may be an older version's.
  const files = FILES.map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(files)));
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
  if (event.data === "activate") event.waitUntil(pages.then((all) => all.length < 2 && self.skipWaiting()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const inScope = request.url.startsWith(self.registration.scope);
  if (request.method === "GET" && inScope) event.respondWith(answer(event));
});

// What is kept, else the server's answer.
async function answer(event) {
  const { request } = event;
  for (const name of [KEPT, DATA]) {
    const kept = await (await caches.open(name)).match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
  }
  const response = await fetch(request);
  if (response.ok && /\/data\/[^/]+\.(bin|json)$/.test(new URL(request.url).pathname)) {
    const copy = response.clone();
    // A full disk must not keep a student from the lesson.
    event.waitUntil(caches.open(DATA).then((cache) => cache.put(request, copy)).catch(() => {}));
  }
  return response;
}
