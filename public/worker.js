// The worker's first file: fetches the engine with a progress report, starts it and hands it the page's messages.
// Everything that is said is typed in `app/src/engine/messages.rs`; nothing here knows training.
//
// The page's first message is `{ version, module }`: its own version, and the compiled engine where another worker already
// fetched it, else undefined. Every later message is `{ json, bytes? }`; those that arrive before the engine is ready wait
// in `queue`. Where page and engine are of two versions, the answer is `{ outdated }`, the other version.

// Written by `cargo xtask`, as into the page and the engine.
const VERSION = "";

let engine;
const queue = [];

self.onmessage = ({ data }) => {
  if ("json" in data) {
    if (engine) deliver(data);
    else queue.push(data);
  } else {
    start(data);
  }
};

// A trap in WebAssembly cannot be survived: the page starts a new worker from its last checkpoint.
self.addEventListener("error", (event) => fail(`The engine stopped: ${event.message}.`));
self.addEventListener("unhandledrejection", (event) => fail(`The engine stopped: ${event.reason?.message ?? event.reason}.`));

async function start({ version, module: known }) {
  if (version !== VERSION) return outdated(VERSION, version);
  pretendTimestamps();
  let module = known;
  try {
    // Dynamic, so that a failed download is a sentence and not an event without words.
    const [glue, compiled] = await Promise.all([import(`./engine.js?v=${VERSION}`), module ?? fetchModule(`./engine_bg.wasm?v=${VERSION}`)]);
    module = compiled;
    const other = [glue.version ?? "", versionOf(module)].find((version) => version !== VERSION);
    if (other !== undefined) return outdated(other, version);
    if (!known) post({ loading: { loaded_bytes: 1, total_bytes: 1 } }, module);
    await glue.default({ module_or_path: module });
    engine = glue;
  } catch (error) {
    const came = isRefusal(error) || isDamage(error);
    fail(`The engine (engine_bg.wasm) could not be ${came ? "started" : "downloaded"}: ${error.message}; ${advice(error)}.`);
    return;
  }
  for (const message of queue.splice(0)) deliver(message);
}

// The page is loaded anew, and must not get from the browser's cache what it got now: files of an older version may be
// kept there under the name of its own.
async function outdated(other, version) {
  const renewed = async (name) => (await fetch(new URL(`./${name}?v=${version}`, self.location.href), { cache: "reload" })).arrayBuffer();
  await Promise.all(["worker.js", "engine.js", "engine_bg.wasm"].map((name) => renewed(name).catch(() => {})));
  self.postMessage({ outdated: other });
}

// `cargo xtask` writes it into a section of its own.
function versionOf(module) {
  const [written] = WebAssembly.Module.customSections(module, "version");
  return written ? new TextDecoder().decode(written) : "";
}

function isRefusal(error) {
  return /content security policy|\bCSP\b|unsafe-eval/i.test(error.message);
}

// What came is no engine, also past all caches.
function isDamage(error) {
  return error instanceof WebAssembly.CompileError;
}

function advice(error) {
  if (isRefusal(error)) return "whoever runs the server adds 'wasm-unsafe-eval' to script-src of its content security policy";
  if (isDamage(error)) return "the server's file is damaged; whoever runs the server puts it there anew, then press Retry";
  return "check the connection and press Retry";
}

// cubecl, which launches the GPU's programs, ends where it could not measure their time, though nothing here asks it to. So
// a GPU that cannot is said to be able, and its device is asked for without.
function pretendTimestamps() {
  const timestamps = "timestamp-query";
  const [features, adapter] = [self.GPUSupportedFeatures?.prototype, self.GPUAdapter?.prototype];
  if (!features || !adapter) return;
  const { has } = features;
  const { requestDevice } = adapter;
  features.has = function (name) {
    return name === timestamps || has.call(this, name);
  };
  adapter.requestDevice = function (wish = {}) {
    const canBe = (name) => name !== timestamps || has.call(this.features, name);
    return requestDevice.call(this, { ...wish, requiredFeatures: [...(wish.requiredFeatures ?? [])].filter(canBe) });
  };
}

// Downloads with progress and compiles; what does not compile is asked for once more, past all caches. A compressed answer
// states its compressed length, which says nothing about the bytes that arrive here, so its total counts as unknown (0).
async function fetchModule(url, cache = "default") {
  const response = await fetch(new URL(url, self.location.href), { cache });
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
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    if (cache === "reload" || isRefusal(error)) throw error;
    return fetchModule(url, "reload");
  }
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
