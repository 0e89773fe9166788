// Keeps the page for the next visit: it then loads nothing, and needs no server. `cargo xtask serve` writes a version and
// the page's files into the first two lines; one version's files are kept together, so that page and engine fit.
const VERSION = "";
const FILES = [];

const KEPT = `rote-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(FILES)));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("rote-") && name !== KEPT;
  const forget = async () => Promise.all((await caches.keys()).filter(old).map((name) => caches.delete(name)));
  event.waitUntil(Promise.all([forget(), self.clients.claim()]));
});

// A page that has just been opened, and has begun nothing, asks for the version that waits.
self.addEventListener("message", ({ data }) => data === "activate" && self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const inScope = request.url.startsWith(self.registration.scope);
  if (request.method === "GET" && inScope) event.respondWith(answer(request));
});

// What is kept, else the server's answer. Larger data are kept once they were asked for.
async function answer(request) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && /\/data\/[^/]+\.(bin|json)$/.test(new URL(request.url).pathname)) {
    // A full disk must not keep a student from the lesson.
    await cache.put(request, response.clone()).catch(() => {});
  }
  return response;
}
