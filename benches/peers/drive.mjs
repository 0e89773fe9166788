// Times a training step of all participants in one Chromium, interleaved in rounds: what slows the machine down for
// a while then slows all of them, so ratios within a round mean something where milliseconds do not.

import { createServer } from "node:http";
import { readFile, writeFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { MODELS } from "./work.mjs";

const HERE = import.meta.dirname;
const BUILT = join(HERE, "node_modules/.cache/bench");
const FIRST_STEPS = 3;
const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SOFTWARE = "--use-webgpu-adapter=swiftshader";

const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: MODELS.join(",") },
    peers: { type: "string", default: "tfjs-webgpu,jax-webgpu,tfjs-wasm,jax-wasm" },
    batch: { type: "string", default: "128" },
    rounds: { type: "string", default: "5" },
    "steps-ms": { type: "string", default: "3000" },
    "warm-up-s": { type: "string", default: "180" },
    "rote-dist": { type: "string" },
    "real-gpu": { type: "boolean", default: false },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    json: { type: "string" },
  },
});
const batch = Number(options.batch);
const rounds = Number(options.rounds);
const stepsMs = Number(options["steps-ms"]);
const warmUpMs = Number(options["warm-up-s"]) * 1000;

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".json": "application/json" };

/** `/isolated/...` is the same site, cross-origin isolated: that gives pages shared memory, and so threads. */
async function serve() {
  const folders = [
    ["/wasm/", join(HERE, "node_modules/@tensorflow/tfjs-backend-wasm/dist")],
    ["/rote/", options["rote-dist"]],
    ["/", BUILT],
  ];
  const server = createServer(async (request, response) => {
    let path = normalize(new URL(request.url, "http://localhost").pathname);
    const isolated = path.startsWith("/isolated/");
    if (isolated) path = path.slice("/isolated".length);
    const [prefix, folder] = folders.find(([start, to]) => to && path.startsWith(start));
    try {
      const file = join(folder, path.slice(prefix.length));
      const body = await readFile(path === "/bench.html" ? join(HERE, "bench.html") : file);
      response.writeHead(200, {
        "content-type": TYPES[extname(file)] ?? "application/octet-stream",
        ...(isolated && { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }),
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function limited(promise, milliseconds) {
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`too slow: not done in ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, tooLong]).finally(() => clearTimeout(timer));
}

/** What the library said, without the stack. */
function message(error) {
  const first = String(error.message ?? error).split("\n")[0].replace(/^page\.evaluate: (Error: )?/, "").slice(0, 300);
  return first.startsWith("too slow") ? first : `unsupported: ${first}`;
}

/** A page of its own for a participant, warmed up; `entry` takes what there is to report. */
async function start(browser, port, model, entry) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (line) => ["error", "warning"].includes(line.type()) && complaints.push(line.text()));
  const crashed = new Promise((_, reject) => page.on("crash", () => reject(new Error("the page crashed"))));
  crashed.catch(() => {});
  const [library, backend, threads] = entry.peer.split("-");
  const run = (steps, readEvery) => Promise.race([crashed, page.evaluate(([steps, every]) => bench.run(steps, every), [steps, readEvery])]);
  const warmUp = async () => {
    await page.goto(`http://127.0.0.1:${port}/${threads ? "isolated/" : ""}bench.html`);
    await page.waitForFunction(() => globalThis.bench);
    entry.about = await Promise.race([crashed, page.evaluate((settings) => bench.prepare(settings), { library, backend, model, batch, seed: 0 })]);
    const first = await run(FIRST_STEPS, 1);
    entry.first_losses = first.losses;
    if (!first.losses.every(Number.isFinite)) throw new Error(`losses ${first.losses} ${complaints[0] ?? ""}`);
    // A slow participant has told enough by now.
    const probe = first.milliseconds > 10 * stepsMs ? first.milliseconds / FIRST_STEPS : (await run(2)).milliseconds / 2;
    entry.steps = Math.max(2, Math.round(stepsMs / probe));
  };
  const begun = performance.now();
  try {
    await limited(warmUp(), warmUpMs);
  } catch (error) {
    if (complaints.length) entry.console = complaints.slice(0, 3).map((line) => line.slice(0, 300));
    throw error;
  } finally {
    entry.warm_up_ms = Math.round(performance.now() - begun);
  }
  return { run, close: () => page.close() };
}

async function bench(model, peers, port) {
  const entries = peers.map((peer) => ({ model, peer, batch, step_ms: [] }));
  const able = () => entries.filter((entry) => !entry.failed);
  for (;;) {
    const browser = await chromium.launch({
      executablePath: options.chromium,
      args: options["real-gpu"] ? FLAGS : [...FLAGS, SOFTWARE],
    });
    try {
      const running = new Map();
      let again = false;
      for (const entry of able()) {
        try {
          running.set(entry, await start(browser, port, model, entry));
        } catch (error) {
          // A browser that is gone may have been ended from outside: once more before it counts.
          entry.crashes = (entry.crashes ?? 0) + !browser.isConnected();
          if (browser.isConnected() || entry.crashes > 1) entry.failed = message(error);
          // What failed on the GPU may have left work there or killed its process, what is slow is still busy: the
          // others get a new browser.
          again = !browser.isConnected() || entry.peer.includes("webgpu") || entry.failed?.startsWith("too slow");
          if (again) break;
        }
      }
      if (again) continue;
      for (let round = 0; round < rounds; round++) {
        for (const entry of able()) {
          try {
            const { milliseconds } = await limited(running.get(entry).run(entry.steps), warmUpMs);
            entry.step_ms.push(milliseconds / entry.steps);
          } catch (error) {
            entry.failed = message(error);
          }
        }
      }
      return { entries, version: browser.version() };
    } finally {
      await browser.close();
    }
  }
}

function report(entries) {
  const [base] = entries;
  for (const entry of entries) {
    const losses = entry.first_losses?.map((loss) => loss.toFixed(4)).join(" ") ?? "";
    let text = entry.failed;
    if (!text) {
      const ratios = entry.step_ms.map((ms, round) => ms / base.step_ms[round]).sort((a, b) => a - b);
      const spread = `${ratios[0].toFixed(2)} to ${ratios.at(-1).toFixed(2)}`;
      text = `${Math.min(...entry.step_ms).toFixed(2)} ms/step at best`;
      if (entry !== base && !base.failed) text += `, ${ratios[ratios.length >> 1].toFixed(2)} times ${base.peer} (${spread})`;
    }
    console.log(`${entry.model.padEnd(16)} ${entry.peer.padEnd(18)} ${text} | ${losses}`);
    if (entry.console) console.log(entry.console.map((line) => `    ${line}`).join("\n"));
  }
}

await build({
  entryPoints: [join(HERE, "bench.mjs")],
  outdir: BUILT,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  logLevel: "error",
});
const server = await serve();
const results = [];
let browser;
for (const model of options.models.split(",")) {
  const { entries, version } = await bench(model, options.peers.split(","), server.address().port);
  browser = version;
  report(entries);
  results.push(...entries);
  if (options.json) await writeFile(options.json, JSON.stringify({ browser, rounds, software_gpu: !options["real-gpu"], results }, null, 1));
}
server.close();
