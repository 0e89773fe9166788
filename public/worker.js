// The worker's first file: fetches the engine with a progress report, starts it and hands it the page's messages.
// Everything that is said is typed in `app/src/engine/messages.rs`; nothing here knows training.
//
// The page's first message is `{ module }`: the compiled engine where another worker already fetched it, else undefined.
// Every later message is `{ json, bytes? }`; those that arrive before the engine is ready wait in `queue`.

let engine;
const queue = [];

self.onmessage = ({ data }) => {
  if ("json" in data) {
    if (engine) deliver(data);
    else queue.push(data);
  } else {
    start(data.module);
  }
};

// A trap in WebAssembly cannot be survived: the page starts a new worker from its last checkpoint.
self.addEventListener("error", (event) => fail(`The engine stopped: ${event.message}.`));
self.addEventListener("unhandledrejection", (event) => fail(`The engine stopped: ${event.reason?.message ?? event.reason}.`));

async function start(known) {
  let module = known;
  try {
    // Dynamic, so that a failed download is a sentence and not an event without words.
    const [glue, compiled] = await Promise.all([import("./engine.js"), module ?? fetchModule("./engine_bg.wasm")]);
    module = compiled;
    await glue.default({ module_or_path: module });
    engine = glue;
  } catch (error) {
    fail(`The engine (engine_bg.wasm) could not be downloaded: ${error.message}; check the connection and press Retry.`);
    return;
  }
  for (const message of queue.splice(0)) deliver(message);
}

// Downloads with progress and compiles. A compressed answer states its compressed length, which says nothing about
// the bytes that arrive here, so its total counts as unknown (0).
async function fetchModule(url) {
  const response = await fetch(new URL(url, self.location.href));
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const total = response.headers.has("content-encoding") ? 0 : Number(response.headers.get("content-length") ?? 0);
  const chunks = [];
  let loaded = 0;
  let reported = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    loaded += value.length;
    if (loaded - reported > 100_000) {
      reported = loaded;
      post({ loading: { loaded_bytes: loaded, total_bytes: total } });
    }
  }
  const bytes = await new Blob(chunks).arrayBuffer();
  const module = await WebAssembly.compile(bytes);
  post({ loading: { loaded_bytes: loaded, total_bytes: loaded } }, module);
  return module;
}

function deliver({ json, bytes }) {
  engine.handle(json, bytes);
}

function fail(message) {
  post({ failed: { message, fatal: true } });
}

function post(reply, module) {
  self.postMessage({ json: JSON.stringify(reply), module });
}
