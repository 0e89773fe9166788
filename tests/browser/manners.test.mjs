// How the page behaves: readable by everyone, never in the way, there at once.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, RotePage } from "./rote-page.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

async function violations(rote) {
  await rote.page.evaluate(AXE);
  const found = await rote.page.evaluate((rules) => window.axe.run(document, rules), RULES);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

const TRAINED = "engine=cpu&images=60&batch-size=20&epochs=10";

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1440, 390]) {
    test(`axe finds no violation on any view, ${colorScheme}, ${width} px`, async () => {
      const viewport = { width, height: 900 };
      const rote = await RotePage.open(browser, `race=labels&label-corruption=0.5&${TRAINED}`, { colorScheme, viewport });
      assert.deepEqual(await violations(rote), [], "before training");
      await rote.press("train");
      await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
      await rote.testid("map-grid").focus();
      await rote.page.keyboard.press("ArrowRight");
      await rote.testid("detail").waitFor();
      await rote.page.locator("details").evaluateAll((all) => all.forEach((one) => (one.open = true)));
      await rote.page.getByRole("button", { name: "Numbers of Accuracy as a table" }).click();
      assert.deepEqual(await violations(rote), [], "after training");
      await rote.testid("view-runs").click();
      await rote.testid("run").first().waitFor();
      assert.deepEqual(await violations(rote), [], "runs");
      await rote.go(`images=many&race=off&${TRAINED}`);
      assert.deepEqual(await violations(rote), [], "with a message");
      for (const lesson of [1, 2, 3, 4, 5, 6]) {
        await rote.go(`view=lesson-${lesson}&${TRAINED}`);
        assert.deepEqual(await violations(rote), [], `lesson ${lesson}`);
      }
      for (let at = 0; at < 4; at++) await rote.page.locator(`#guess-${at}`).press("ArrowRight");
      await rote.press("predict");
      await rote.testid("reveal").waitFor();
      assert.deepEqual(await violations(rote), [], "a lesson's reveal");
      await rote.page.context().close();
    });
  }
}

test("nothing is wider than a phone", async () => {
  for (const view of ["race=labels&label-corruption=1", "view=lesson-2", "view=runs"]) {
    const rote = await RotePage.open(browser, `${view}&${TRAINED}`, { viewport: { width: 390, height: 844 } });
    if (view.startsWith("race")) {
      await rote.press("train");
      await rote.testid("map").waitFor();
      await rote.page.getByRole("button", { name: "Numbers of Accuracy as a table" }).click();
    }
    const wide = await rote.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${view} is ${wide} px wide`);
    await rote.page.context().close();
  }
});

// How long tasks, frames and answers take is what `cargo xtask bench page` measures; a test would measure the machine.
test("while a CNN trains, the page paints, answers every key, and leaves most of its time to the browser", async () => {
  const rote = await RotePage.open(browser, "race=off&model=cnn-small&engine=cpu&images=500&batch-size=50&epochs=1000&label-corruption=0.5");
  await rote.press("train");
  await rote.steps("a", 5);
  const began = await rote.number("a", "step");
  // The seconds that the page's own thread has computed, which other programs do not lengthen.
  const session = await rote.page.context().newCDPSession(rote.page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busySeconds = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const before = await busySeconds();
  const painting = rote.page.evaluate(async () => {
    const start = performance.now();
    for (let frame = 0; frame < 120; frame++) await new Promise((done) => requestAnimationFrame(done));
    return (performance.now() - start) / 1000;
  });
  const seconds = await painting;
  const share = ((await busySeconds()) - before) / seconds;
  console.log(`the page's thread computed for ${(100 * share).toFixed(0)} % of 120 frames`);
  assert.ok(share < 0.5, `the page's thread computed for ${share} of the time`);
  // Keys, by a real keyboard: each is answered before the next, and before the run ends.
  await rote.testid("map-grid").focus();
  for (let picture = 1; picture <= 5; picture++) {
    await rote.page.keyboard.press("ArrowRight");
    await rote.testid("detail").getByText(`Picture ${picture}:`).waitFor();
  }
  await rote.steps("a", began + 20);
  await rote.reaches("a", "running");
  await rote.page.context().close();
});

test("the page paints and answers though the engine never arrives", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.route("**/engine*", () => {}); // never answered
  const rote = await RotePage.open(browser, "race=off", { context });
  assert.ok(await rote.page.evaluate(() => performance.getEntriesByName("first-contentful-paint").length === 1), "it is painted");
  const seed = rote.page.locator("#setting-seed");
  await seed.fill("42");
  await seed.press("Enter");
  await rote.page.waitForURL(/seed=42/);
  await rote.press("train");
  await rote.reaches("a", "loading");
  await rote.testid("view-runs").click();
  await rote.testid("view-lab").click();
  await rote.testid("train").waitFor();
  await context.close();
});

test("training goes on in a hidden tab", async () => {
  const rote = await RotePage.open(browser, "race=off&engine=cpu&images=100&batch-size=10&epochs=1000");
  await rote.press("train");
  await rote.steps("a", 20);
  // What a tab in the background gets: no frames at all.
  await rote.page.evaluate(() => {
    window.requestAnimationFrame = () => 0;
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const events = () => rote.page.evaluate(() => window.roteEvents[0].length);
  const before = await events();
  await rote.page.waitForFunction((before) => window.roteEvents[0].length > before + 100, before, { polling: 100 });
  await rote.page.context().close();
});

test("a worker that says nothing for a minute is told of, and another goes on in its place", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.clock.install();
  const rote = await RotePage.open(browser, "race=off&engine=cpu&images=100&batch-size=10&epochs=30", { context });
  await rote.pauseAfter("a", 20);
  await rote.press("train");
  await rote.reaches("a", "paused");
  const paused = await rote.number("a", "step");
  await rote.press("train");
  // A worker that hangs for good: its messages do not arrive any more.
  await rote.page.workers()[0].evaluate(() => {
    setTimeout(() => { for (;;); });
  });
  // Not `fastForward`, which is what a lid that is closed does: that is no hang.
  await rote.page.clock.runFor("01:30");
  await rote.page.getByRole("button", { name: "Start a new worker" }).click();
  await rote.page.clock.resume();
  await rote.reaches("a", "finished");
  assert.ok((await rote.losses()).length === 300 && paused < 300);
  await rote.page.context().close();
});

test("three clicks from the start a network has memorized random labels", async () => {
  const rote = await RotePage.open(browser);
  await rote.press("train");
  await rote.reaches("b", "finished");
  assert.ok((await rote.number("b", "train-accuracy")) >= 0.99);
  assert.match(await rote.lane("b").innerText(), /Random labels/);
  await rote.page.context().close();
});
