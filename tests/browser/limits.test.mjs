// What does not fit into a tab is said before work; what is large is asked about; what fails twice is left alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// Where the server has all of CIFAR-10. What becomes of a request for it is the test's to say.
async function withAllImages(settings, answer, options = {}) {
  const context = await browser.newContext({ serviceWorkers: "block", ...options });
  const asked = [];
  await context.route("**/data/index.json", (route) => route.fulfill({ json: { training_images: [2000, 10_000, 50_000] } }));
  await context.route("**/data/cifar10-train-*.bin", (route) => (asked.push(route.request().url()), answer(route)));
  const rote = await RotePage.open(browser, settings, { context });
  return { rote, asked, context };
}

test("a batch that does not fit into WebAssembly's memory is told with the largest that does, and that one trains", async () => {
  const rote = await RotePage.open(browser, "race=off&engine=cpu&model=inception-small&images=2000&batch-size=2000&steps=1");
  await rote.says(/^`batch-size` 2000 with `model` inception-small needs \d+\.\d+ GB of memory, and WebAssembly has \d\.\d+ GB for it/i);
  await rote.reaches("a", "failed");
  const batch = rote.page.locator("#setting-batch-size");
  assert.equal(await batch.inputValue(), "2000", "a refusal changes no control");
  const said = await rote.messages();
  const [, largest] = said.match(/the largest that fits is (\d+)/);
  assert.equal(said.match(/batch-size/g).length, 1, `said once: ${said}`);
  assert.doesNotMatch(said, /unreachable|new worker/);
  console.log(said.replaceAll("\n", " "));
  if (process.env.ROTE_LARGEST) {
    // Takes nearly 4 GB and a minute or two.
    await batch.fill(largest);
    await batch.press("Enter");
    await rote.reaches("a", "idle");
    await rote.press("train");
    await rote.reaches("a", "finished");
    assert.equal(await rote.number("a", "step"), 1);
  }
  await rote.page.context().close();
});

test("a value that fits trains after one that did not", async () => {
  const rote = await RotePage.open(browser, "race=off&engine=cpu&model=inception-small&images=2000&batch-size=2000&steps=1");
  await rote.says(/the largest that fits is/);
  for (const [setting, value] of [["images", "64"], ["batch-size", "32"]]) {
    const control = rote.page.locator(`#setting-${setting}`);
    await control.fill(value);
    await control.press("Enter");
  }
  await rote.reaches("a", "idle");
  assert.doesNotMatch(await rote.messages(), /the largest that fits/, "the sentence goes with the value that it refused");
  await rote.press("train");
  await rote.reaches("a", "finished");
  await rote.page.context().close();
});

test("50,000 images are downloaded when the reader agrees, and not before", async () => {
  const { rote, asked, context } = await withAllImages("race=off&engine=cpu&images=50000", (route) => route.abort(), {
    viewport: { width: 390, height: 844 },
  });
  await rote.says(/50,000 training images: 184\.4 MB are downloaded, and each run holds 564\.5 MB of memory besides while it is open; press Download, or choose 10,000 images or fewer/);
  await rote.press("train");
  await rote.says(/50,000 training images/);
  await rote.reaches("a", "idle");
  assert.deepEqual(asked, []);
  assert.ok((await rote.page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
  const download = rote.page.getByRole("button", { name: "Download", exact: true });
  await download.focus();
  await rote.page.keyboard.press("Enter");
  await rote.says(/cifar10-train-2000-10000\.bin could not be downloaded/i);
  assert.equal(asked.length, 1);
  await download.waitFor({ state: "detached" });
  await context.close();
});

test("the question goes with the setting that raised it", async () => {
  const { rote, asked, context } = await withAllImages("race=off&engine=cpu&images=50000&batch-size=16&steps=2", (route) => route.abort());
  await rote.says(/50,000 training images/);
  const images = rote.page.locator("#setting-images");
  await images.fill("64");
  await images.press("Enter");
  await rote.page.getByRole("button", { name: "Download", exact: true }).waitFor({ state: "detached" });
  await rote.press("train");
  await rote.reaches("a", "finished");
  assert.deepEqual(asked, []);
  await context.close();
});

// Workers whose engine traps at a request, as WebAssembly says it where an allocation fails; and how many there were.
async function withTraps(request, settings) {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const started = { workers: 0 };
  await context.route("**/worker.js*", async (route) => {
    started.workers += 1;
    const source = await (await route.fetch()).text();
    const body = source.replace("engine.handle(json, bytes)", `json.includes('"${request}"') ? trap() : engine.handle(json, bytes)`);
    assert.notEqual(body, source);
    await route.fulfill({ body: `${body}\nfunction trap() { throw new WebAssembly.RuntimeError("unreachable"); }`, contentType: "text/javascript" });
  });
  const rote = await RotePage.open(browser, `race=off&images=32&batch-size=16&steps=2&${settings}`, { context });
  return { rote, started, context };
}

test("an engine that ends twice at the same step is not started again", async () => {
  const { rote, started, context } = await withTraps("load", "engine=cpu");
  await rote.says(/That was time 2 at the same step: choose a smaller batch size, fewer images or another engine/);
  await rote.reaches("a", "failed");
  assert.equal(started.workers, 2);
  await context.close();
});

test("an engine that ends before it has opened a device is not started for ever", async () => {
  const { rote, started, context } = await withTraps("open", "engine=auto");
  await rote.says(/That was time 3 at the same step/);
  await rote.reaches("a", "failed");
  assert.equal(started.workers, 3);
  await context.close();
});
