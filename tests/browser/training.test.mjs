// Training in the tab: both engines agree with the native program, and nothing is lost on the way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { maxRelativeDifference, launch, nativeLosses, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// At its own learning rate the CNN amplifies the last bit of a rounding to a percent within twenty steps, on any two
// devices; at a small one the losses show whether both compute the same.
for (const [model, rate] of [["mlp-1x512", "auto"], ["mlp-3x512", "auto"], ["cnn-small", "0.001"]]) {
  test(`${model} has the same losses natively, on the CPU engine and on WebGPU, and they fall`, async () => {
    const settings = `model=${model}&images=640&batch-size=32&steps=20&learning-rate=${rate}`;
    const native = nativeLosses(settings);
    assert.equal(native.length, 20);
    for (const engine of ["cpu", "webgpu"]) {
      const rote = await RotePage.open(browser, `${settings}&race=off&engine=${engine}`);
      await rote.press("train");
      await rote.reaches("a", "finished");
      const status = await rote.testid("status").innerText();
      assert.match(status, engine === "cpu" ? /CPU/ : /WebGPU/);
      const losses = await rote.losses();
      const difference = maxRelativeDifference(losses, native);
      console.log(`${model} on ${engine}: greatest relative difference ${difference.toExponential(1)}`);
      assert.equal(losses.length, 20);
      assert.ok(difference < 1e-3, `${engine} differs from native by ${difference}`);
      const mean = (from, to) => losses.slice(from, to).reduce((sum, loss) => sum + loss, 0) / (to - from);
      assert.ok(mean(15, 20) < mean(0, 5), "the loss falls");
      await rote.page.context().close();
    }
  });
}

const LONG = "race=off&engine=cpu&images=100&batch-size=10&epochs=40&dropout=0.2&random-crop=true";

test("a run that is paused, reloaded and resumed ends as one that was not", async () => {
  const rote = await RotePage.open(browser, LONG);
  await rote.pauseAfter("a", 50);
  await rote.press("train");
  await rote.reaches("a", "paused");
  const paused = await rote.number("a", "step");
  assert.ok(paused < 400, `paused at step ${paused} of 400`);
  await rote.page.reload();
  await rote.reaches("a", "paused");
  assert.equal(await rote.number("a", "step"), paused);
  await rote.press("train");
  await rote.reaches("a", "finished");
  const resumed = await rote.losses();
  await rote.page.context().close();

  const undisturbed = await RotePage.open(browser, LONG);
  await undisturbed.press("train");
  await undisturbed.reaches("a", "finished");
  assert.equal(resumed.length, 400);
  assert.deepEqual(resumed, await undisturbed.losses());
  await undisturbed.page.context().close();
});

test("a press of Step while the run is still being loaded takes one step", async () => {
  const rote = await RotePage.open(browser, LONG);
  await rote.press("step");
  await rote.reaches("a", "paused");
  // Reset makes the worker load the run anew; the press comes before its answer.
  await rote.page.evaluate(() => {
    const press = (name) => document.querySelector(`button[data-testid="${name}"]`).click();
    press("reset");
    press("step");
  });
  await rote.steps("a", 1);
  await rote.reaches("a", "paused");
  await rote.press("step");
  await rote.steps("a", 2);
  await rote.reaches("a", "paused");
  assert.equal(await rote.number("a", "step"), 2);
  await rote.page.context().close();
});

test("one press of Step takes one step", async () => {
  const rote = await RotePage.open(browser, LONG);
  for (const expected of [1, 2]) {
    await rote.press("step");
    await rote.steps("a", expected);
    await rote.reaches("a", "paused");
    assert.equal(await rote.number("a", "step"), expected);
  }
  await rote.press("reset");
  await rote.reaches("a", "idle");
  assert.equal(await rote.number("a", "step"), 0);
  await rote.page.context().close();
});

test("a browser without WebGPU trains on the CPU and says so", async () => {
  const without = await launch({ webgpu: false });
  const rote = await RotePage.open(without, "race=off&images=32&batch-size=16&steps=4");
  await rote.press("train");
  await rote.reaches("a", "finished");
  assert.match(await rote.page.locator("body").innerText(), /WebGPU.*so the CPU computes/);
  await without.close();
});

test("a software adapter is not taken unless it is asked for, and the page says why", async () => {
  const rote = await RotePage.open(browser, "race=off&images=32&batch-size=16&steps=4");
  await rote.press("train");
  await rote.reaches("a", "finished");
  assert.match(await rote.page.locator("body").innerText(), /only emulated in software.*so the CPU computes/);
  await rote.page.context().close();
});

test("a GPU device that is lost in the middle costs nothing: a new worker goes on from the last checkpoint", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  // The worker keeps its device where the test can destroy it, as a driver reset would.
  await context.route("**/worker.js*", async (route) => {
    const response = await route.fetch();
    const keep = `const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...a) { return (self.lastDevice = await request.apply(this, a)); };\n`;
    await route.fulfill({ response, body: keep + (await response.text()) });
  });
  const settings = "race=off&images=60&batch-size=20&steps=15&evaluate-every=100&engine=webgpu";
  const rote = await RotePage.open(browser, settings, { context });
  await rote.press("train");
  await rote.steps("a", 3);
  await rote.page.workers()[0].evaluate(() => self.lastDevice.destroy());
  await rote.reaches("a", "finished");
  const losses = await rote.losses();
  const native = nativeLosses(settings);
  assert.equal(losses.length, 15);
  assert.ok(maxRelativeDifference(losses, native) < 1e-2, `${losses}\n${native}`);
  await context.close();
});
