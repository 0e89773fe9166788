// How the page comes over a network: in a folder of a site, from servers that make mistakes, and again without one.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch, RotePage } from "./rote-page.mjs";

const ADDRESS = process.env.ROTE_URL ?? "http://localhost:8080/";
const FOLDER = "/class/rote/";
const [, POLICY] = (await readFile(new URL("../../public/start.js", import.meta.url), "utf8")).match(/POLICY = "(.*)"/);
const SHORT = "race=off&images=32&batch-size=16&steps=4&engine=cpu";
const TRAIN = "data/cifar10-2000-train.bin";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// The built page as a folder of a site, under the documented policy. `faults` are the server's mistakes, by what a file's
// name matches; `others` are other files of the site; `asked` are the names that were asked for.
class Host {
  faults = [];
  others = {};
  asked = [];
  news = new EventEmitter();

  static async start() {
    const host = new Host();
    host.server = createServer((request, response) => host.answer(request, response).catch(() => response.destroy()));
    host.server.listen(0, "127.0.0.1");
    await once(host.server, "listening");
    host.origin = `http://localhost:${host.server.address().port}`;
    host.address = host.origin + FOLDER;
    return host;
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    if (pathname in this.others) {
      const type = pathname.endsWith(".js") ? "text/javascript" : "text/html";
      return response.writeHead(200, { "content-type": type }).end(this.others[pathname]);
    }
    if (!pathname.startsWith(FOLDER)) return response.writeHead(404).end();
    const name = pathname.slice(FOLDER.length);
    this.asked.push(name);
    this.news.emit("asked");
    const found = await fetch(new URL(name, ADDRESS));
    const headers = { "content-type": found.headers.get("content-type"), "content-security-policy": POLICY, "cache-control": "no-cache" };
    let answer = { status: found.status, headers, body: Buffer.from(await found.arrayBuffer()) };
    for (const [pattern, change] of this.faults) if (pattern.test(name)) answer = { ...answer, ...change(answer) };
    response.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length });
    await answer.write?.(response, answer.body);
    if (!answer.write) response.end(answer.body);
  }

  times(name) {
    return this.asked.filter((asked) => asked === name).length;
  }

  // Waits until a file has been asked for so many times.
  async isAskedFor(name, times) {
    while (this.times(name) < times) await once(this.news, "asked");
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((stopped) => this.server.close(stopped));
  }
}

async function withHost(work, options = {}) {
  const host = await Host.start();
  const context = await browser.newContext(options);
  try {
    await work(host, context);
  } finally {
    await context.close();
    await host.stop();
  }
}

const withoutKeeping = { serviceWorkers: "block" };
const headers = (changes) => (answer) => ({ headers: { ...answer.headers, ...changes } });
const ofAnotherVersion = ({ body }) => ({ body: Buffer.from(body.toString().replace(/VERSION = ".*?"/, 'VERSION = "0000000000000000"')) });
const cutOff = ({ body }) => ({ body: body.subarray(0, 1000) });

async function trains(rote) {
  await rote.press("train");
  await rote.reaches("a", "finished");
  assert.equal(await rote.number("a", "step"), 4);
}

test("in a folder of a site the page trains under its policy, and again without a server, by its file's name too", () =>
  withHost(async (host, context) => {
    const first = await RotePage.open(browser, SHORT, { context, address: host.address });
    await trains(first);
    await first.isKept();
    assert.deepEqual(first.consoleErrors, []);
    await first.page.close();
    await host.stop();
    for (const name of ["", "index.html"]) {
      const again = await RotePage.open(browser, `${SHORT}&seed=${name.length}`, { context, address: host.address + name });
      await trains(again);
      await again.page.close();
    }
  }));

test("a page to which its server leads from elsewhere is kept all the same", () =>
  withHost(async (host, context) => {
    host.faults = [[/^$/, () => ({ status: 302, headers: { location: "index.html" }, body: Buffer.alloc(0) })]];
    const first = await RotePage.open(browser, "", { context, address: host.address });
    await first.isKept();
    await first.page.close();
    await host.stop();
    await trains(await RotePage.open(browser, SHORT, { context, address: host.address }));
  }));

test("a file that comes cut off is refused by its sum, is not kept, and is right as soon as the server is", () =>
  withHost(async (host, context) => {
    host.faults = [[/2000-train\.bin$/, cutOff]];
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await rote.press("train");
    await rote.says(/cifar10-2000-train\.bin is not what it should be: 1000 bytes came where 6146000 are right/);
    assert.doesNotMatch(await rote.messages(), /rote data fetch|truncated/);
    host.faults = [];
    await rote.go(SHORT);
    await trains(rote);
    await rote.isKept();
    const kept = await rote.page.evaluate(async (name) => (await (await caches.match(name)).arrayBuffer()).byteLength, TRAIN);
    assert.equal(kept, 6_146_000);
  }));

test("a file that is kept and no longer right is fetched again", () =>
  withHost(async (host, context) => {
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await rote.isKept();
    const spoil = async (name) => {
      for (const cache of await caches.keys()) await (await caches.open(cache)).put(name, new Response("cut off"));
    };
    await rote.page.evaluate(spoil, TRAIN);
    await rote.go(`${SHORT}&seed=2`);
    await trains(rote);
    const size = () => rote.page.evaluate(async (name) => (await (await caches.match(name)).arrayBuffer()).byteLength, TRAIN);
    await rote.page.waitForFunction(async (name) => (await (await caches.match(name)).arrayBuffer()).byteLength > 1000, TRAIN);
    assert.equal(await size(), 6_146_000);
  }));

test("an engine of another version is refused, and the page is loaded anew", () =>
  withHost(async (host, context) => {
    host.faults = [[/^worker\.js$/, ofAnotherVersion]];
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await rote.press("train").catch(() => {}); // it may be gone with the page before
    await rote.says(/is of version 0{16}, the page of version [0-9a-f]{16}, and a reload did not help/);
    assert.equal(host.times(""), 2, "once, and not for ever");
    host.faults = [];
    await rote.go(SHORT);
    await trains(rote);
  }, withoutKeeping));

test("an old worker that the browser's cache holds under the new name does not survive the page's reload", () =>
  withHost(async (host, context) => {
    const cached = headers({ "cache-control": "max-age=3600" });
    host.faults = [[/^worker\.js$/, (answer) => ({ ...cached(answer), ...(host.times("worker.js") === 1 && ofAnotherVersion(answer)) })]];
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await rote.press("train").catch(() => {}); // it may be gone with the page before
    await rote.page.waitForFunction(() => performance.getEntriesByType("navigation")[0].type === "reload");
    await trains(rote);
  }, withoutKeeping));

test("a worker of the right version refuses an engine of another", () =>
  withHost(async (host, context) => {
    host.faults = [[/^engine_bg\.wasm$/, ({ body }) => (body.write("0000000000000000", body.length - 16), {})]];
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await rote.press("train").catch(() => {});
    await rote.says(/is of version 0{16}, the page of version/);
  }, withoutKeeping));

test("another application's service worker is left alone, around the page and in its place", () =>
  withHost(async (host, context) => {
    host.others = { "/": "another", "/other.js": "", [`${FOLDER}other.html`]: "another", [`${FOLDER}other.js`]: "" };
    const page = await context.newPage();
    const registered = () =>
      page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map(({ active }) => new URL(active.scriptURL).pathname));
    const register = async (address) => {
      await page.goto(address);
      await page.evaluate(async () => {
        await navigator.serviceWorker.register("other.js");
        await navigator.serviceWorker.ready;
      });
    };
    await register(host.origin);
    // The page is gone, and takes nothing with it but what it kept itself.
    host.faults = [[/^service\.js$/, () => ({ status: 404 })]];
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await trains(rote);
    await host.isAskedFor("service.js", 2);
    assert.deepEqual(await registered(), ["/other.js"]);
    host.faults = [];
    await register(`${host.address}other.html`);
    const times = host.times("service.js");
    await rote.go(SHORT);
    await trains(rote);
    assert.equal(host.times("service.js"), times, "where another stands, the page's own is not asked for");
    assert.deepEqual((await registered()).sort(), ["/class/rote/other.js", "/other.js"]);
  }));

test("a page that was opened as a file says so at once, and what to do", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "rote-"));
  const html = await (await fetch(ADDRESS)).text();
  const [start] = html.match(/start-[0-9a-f]+\.js/);
  await writeFile(path.join(folder, "index.html"), html);
  await writeFile(path.join(folder, start), await (await fetch(new URL(start, ADDRESS))).text());
  const page = await browser.newPage();
  await page.goto(pathToFileURL(path.join(folder, "index.html")).href);
  await page.getByRole("alert").getByText(/opened as a file.*python3 -m http\.server/).waitFor();
  await page.close();
  await rm(folder, { recursive: true });
});

// What a server does wrong, and the sentence that names it.
const MISTAKES = [
  ["a wrong type of .js", [/\.js$/, headers({ "content-type": "text/plain" })], /sends lab-.*\.js as text\/plain, and browsers run programs only as text\/javascript/],
  ["a policy that forbids WebAssembly", [/^$/, headers({ "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'" })], /content security policy keeps the page's program from running.*script-src 'self' 'wasm-unsafe-eval'/],
  ["a folder that is not whole", [/^lab-.*\.js$/, () => ({ status: 404 })], /answered 404 for lab-.*\.js, a part of this page/],
  ["a host that answers with its first page what it does not have", [/^lab-.*\.js$/, () => ({ headers: { "content-type": "text/html" }, body: Buffer.from("<!doctype html>") })], /answered with a page for lab-.*\.js, a part of this page: the folder is not whole/],
  ["a program that is cut off", [/^lab-.*\.wasm$/, cutOff], /could not be started.*files are damaged or of two versions/],
];

for (const [mistake, fault, sentence] of MISTAKES) {
  test(`${mistake} is named at once`, () =>
    withHost(async (host, context) => {
      host.faults = [fault];
      const page = await context.newPage();
      await page.goto(host.address);
      await page.getByRole("alert").getByText(sentence).waitFor();
    }, withoutKeeping));
}

test("where no script can run at all, the page names what may be the reason", () =>
  withHost(async (host, context) => {
    const page = await context.newPage();
    // Of the text, when the page has just come and when it has been there for long.
    const opacity = (isLate) =>
      page.locator(".late").evaluate((late, isLate) => {
        for (const animation of late.getAnimations()) isLate ? animation.finish() : (animation.currentTime = 0);
        return getComputedStyle(late).opacity;
      }, isLate);
    for (const fault of [
      [/^$/, headers({ "content-security-policy": "script-src 'none'" })],
      [/\.js$/, headers({ "content-type": "text/plain", "x-content-type-options": "nosniff" })],
    ]) {
      host.faults = [fault];
      await page.goto(host.address);
      assert.match(await page.locator(".late").innerText(), /^Still here\? Reload.* sends them under a wrong type or forbids them by a content security policy/);
      assert.equal(await opacity(false), "0");
      assert.equal(await opacity(true), "1");
    }
  }, withoutKeeping));

test("a policy that forbids WebAssembly to the worker is named with what it lacks", () =>
  withHost(async (host, context) => {
    host.faults = [[/^worker\.js$/, headers({ "content-security-policy": "script-src 'self'" })]];
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await rote.press("train");
    await rote.says(/could not be started.*adds 'wasm-unsafe-eval' to script-src/);
  }, withoutKeeping));

test("an engine that is damaged on the server is no matter of the connection", () =>
  withHost(async (host, context) => {
    host.faults = [[/^engine_bg\.wasm$/, cutOff]];
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await rote.press("train");
    await rote.says(/\(engine_bg\.wasm\) could not be started: .*the server's file is damaged; whoever runs the server puts it there anew/);
    assert.doesNotMatch(await rote.messages(), /connection/);
  }, withoutKeeping));

test("a sandboxed frame is named, with what it lacks", () =>
  withHost(async (host, context) => {
    host.others = { "/": `<iframe sandbox="allow-scripts" src="${FOLDER}"></iframe>` };
    const page = await context.newPage();
    await page.goto(host.origin);
    await page.frameLocator("iframe").getByRole("alert").getByText(/sandboxed frame.*allow-scripts and allow-same-origin/).waitFor();
  }, withoutKeeping));

test("over plain http the page says where WebGPU can be had, and trains on the CPU", async () => {
  const context = await browser.newContext(withoutKeeping);
  const address = "http://rote.example/";
  await context.route(`${address}**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: new URL(pathname.slice(1), ADDRESS).href }) });
  });
  const rote = await RotePage.open(browser, SHORT.replace("cpu", "webgpu"), { context, address });
  await rote.testid("engine-note").getByText(/only over https or at localhost.*so the CPU computes/).waitFor();
  await trains(rote);
  await context.close();
});

test("a GPU that cannot measure time is used all the same", async () => {
  const context = await browser.newContext(withoutKeeping);
  const without = `{
    const { has } = GPUSupportedFeatures.prototype;
    const { requestDevice } = GPUAdapter.prototype;
    GPUSupportedFeatures.prototype.has = function (name) { return name !== "timestamp-query" && has.call(this, name); };
    GPUAdapter.prototype.requestDevice = function (wish) {
      if ([...(wish?.requiredFeatures ?? [])].includes("timestamp-query")) throw new TypeError("there is no timestamp-query");
      return requestDevice.call(this, wish);
    };
  }\n`;
  await context.route("**/worker.js*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: without + (await response.text()) });
  });
  const rote = await RotePage.open(browser, SHORT.replace("cpu", "webgpu"), { context });
  await trains(rote);
  assert.match(await rote.testid("status").innerText(), /WebGPU/);
  await context.close();
});

test("more images come in parts, and one that is not CIFAR-10 is asked for twice and refused", async () => {
  const context = await browser.newContext(withoutKeeping);
  const asked = [];
  await context.route("**/data/index.json", (route) => route.fulfill({ json: { training_images: [2000, 10_000] } }));
  await context.route("**/data/*.bin", (route) => {
    asked.push(route.request().url().split("/").at(-1));
    return /train-2000-10000/.test(asked.at(-1)) ? route.fulfill({ body: Buffer.alloc(24_584_000) }) : route.continue();
  });
  const rote = await RotePage.open(browser, "race=off&images=5000&batch-size=100&steps=4&engine=cpu", { context });
  await rote.press("train");
  await rote.says(/cifar10-train-2000-10000\.bin is not what it should be: 24584000 bytes came where 24584000 are right, and their SHA-256 is another/);
  assert.deepEqual(asked.slice(0, 3), ["cifar10-2000-train.bin", "cifar10-train-2000-10000.bin", "cifar10-train-2000-10000.bin"]);
  await context.close();
});

test("only the parts that hold a run's images are fetched, after the reader agrees to their size", async () => {
  const context = await browser.newContext(withoutKeeping);
  await context.route("**/data/index.json", (route) => route.fulfill({ json: { training_images: [2000, 10_000, 50_000] } }));
  await context.route("**/data/*.bin", (route) => route.abort());
  const rote = await RotePage.open(browser, "race=off&images=12000&batch-size=100&steps=4&engine=cpu", { context });
  await rote.says(/12,000 training images: 86\.0 MB are downloaded/);
  await rote.page.getByRole("button", { name: "Download", exact: true }).click();
  await rote.says(/could not be downloaded/);
  const images = rote.page.locator("#setting-images");
  await images.fill("50000");
  await images.press("Enter");
  await rote.says(/50,000 training images: 184\.4 MB are downloaded/);
  await context.close();
});

test("images that are long on their way are told of", () =>
  withHost(async (host, context) => {
    let isSeen = false;
    // Half of the file, then a byte now and then, at which the page looks whether it has been long, until it has spoken.
    const drip = async (response, body) => {
      let at = body.length >> 1;
      response.write(body.subarray(0, at));
      for (; !isSeen && at < body.length - 1; at++) {
        response.write(body.subarray(at, at + 1));
        await pause(50);
      }
      response.end(body.subarray(at));
    };
    host.faults = [[/2000-train\.bin$/, () => ({ write: drip })]];
    const rote = await RotePage.open(browser, SHORT, { context, address: host.address });
    await rote.press("train");
    await rote.page.getByText(/Fetching images: \d+\.\d MB of 7\.7 MB/).waitFor();
    isSeen = true;
    await rote.reaches("a", "finished");
    await rote.page.getByText(/Fetching images/).waitFor({ state: "detached" });
  }, withoutKeeping));
