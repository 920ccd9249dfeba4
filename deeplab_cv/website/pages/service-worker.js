/**
 * Keeps the site for offline use, and gives each file the two headers that threads need, where the host sends none.
 *
 * VERSION changes with every file of the site: `app.py web` writes it.
 */

const SITE = "deeplab-cv-";
const VERSION = "unbuilt";
/** @type {string[]} */
const FILES = [];

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(
    caches
      .open(SITE + VERSION)
      .then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" }))))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(dropOld().then(() => worker.clients.claim()));
});

/** Other pages of this host have caches, too. */
async function dropOld() {
  const old = (await caches.keys()).filter((name) => name.startsWith(SITE) && name !== SITE + VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
}

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  if (event.request.method === "GET" && new URL(event.request.url).origin === location.origin) {
    event.respondWith(answer(event.request));
  }
});

/** @param {Request} request */
async function answer(request) {
  const cache = await caches.open(SITE + VERSION);
  const kept = await cache.match(request, { ignoreSearch: true });
  const response = kept ?? (await fetch(request));
  // What is large and not always needed, such as WebGPU's runtime, is kept when it is first used.
  if (!kept && response.status === 200) await cache.put(request, response.clone());
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
