/**
 * Keeps the site for offline use, and gives each file the two headers that threads need, where the host sends none.
 *
 * VERSION changes with every file of the site, FILES says how each of them reads: `app.py web` writes both.
 */

const VERSION = "unbuilt";
/** @type {Record<string, string>} Each file's hash, in the form of `integrity`. */
const FILES = {};

const worker = /** @type {any} */ (self);
/** Other pages of this host have caches, too, and other sites of this kind may lie beside this one. */
const SITE = `deeplab-cv ${worker.registration.scope} `;

worker.addEventListener("install", (/** @type {any} */ event) => {
  // A file that was cut off on its way, or belongs to another version, is kept no more than the others are.
  const requests = Object.entries(FILES).map(([file, integrity]) => new Request(file, { cache: "no-cache", integrity }));
  event.waitUntil(caches.open(SITE + VERSION).then((cache) => cache.addAll(requests)));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(dropOld().then(() => worker.clients.claim()));
});

async function dropOld() {
  const old = (await caches.keys()).filter((name) => name.startsWith(SITE) && name !== SITE + VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** A page of an earlier version has just begun: this one takes its place, where it is the only one that is open. */
worker.addEventListener("message", (/** @type {any} */ event) => {
  const pages = worker.clients.matchAll({ includeUncontrolled: true });
  const another = (/** @type {any} */ page) =>
    page.url.startsWith(worker.registration.scope) && page.id !== event.source.id;
  event.waitUntil(pages.then((/** @type {any[]} */ all) => all.some(another) || worker.skipWaiting()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  if (event.request.method === "GET" && isOurs(event.request.url)) event.respondWith(answer(event.request));
});

/** Other pages may lie beside the site, which are none of its business. */
function isOurs(/** @type {string} */ url) {
  const { scope } = worker.registration;
  const [file] = url.slice(scope.length).split(/[?#]/);
  return url.startsWith(scope) && (!file || Object.hasOwn(FILES, file) || file.startsWith("runtime/"));
}

/** @param {Request} request */
async function answer(request) {
  const cache = await caches.open(SITE + VERSION);
  const kept = await cache.match(request, { ignoreSearch: true });
  const response = kept ?? (await fetch(request));
  // What is large and not always needed, such as WebGPU's runtime, is kept when it is first used, where there is room.
  if (!kept && response.status === 200) await cache.put(request, response.clone()).catch(() => undefined);
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
