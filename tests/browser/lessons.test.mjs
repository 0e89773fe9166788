// Each lesson, from the prediction to what came of it, by keyboard alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// Small and quick versions of the lessons' own runs; what they show is asserted below. The fifth is as a visitor has it:
// fewer pictures have too little in common for what it shows.
const QUICK = "engine=cpu&images=120&batch-size=20&epochs=60";
const queryOf = (number) => (number === "5" ? "engine=cpu" : QUICK);

// What must come out, for each number of a lesson in its order: between which bounds.
const EXPECTED = {
  1: [[0.99, 1], [0, 0.25]],
  2: [[0.15, 0.6], [0, 0.5], [0, 0.45], [0, 0.4], [0, 0.25]],
  3: [[1, 1], [0.5, 6], [0.1, 6], [0.1, 6], [0.1, 6]],
  4: [[0.99, 1], [0.99, 1], [0.5, 1], [0.3, 1]],
  // Luck would name one in ten of them truly.
  5: [[0.13, 0.9], [0, 0.02]],
  6: [[0.99, 1], [0.99, 1], [0.15, 0.6], [0, 0.25]],
};

for (const [number, bounds] of Object.entries(EXPECTED)) {
  test(`lesson ${number} goes from prediction to reveal by keyboard alone`, async () => {
    const rote = await RotePage.open(browser, `view=lesson-${number}&${queryOf(number)}`);
    const { page } = rote;
    const tabTo = async (locator) => {
      await locator.waitFor();
      for (let presses = 0; presses < 80; presses++) {
        if (await locator.evaluate((element) => element === document.activeElement)) return;
        await page.keyboard.press("Tab");
      }
      assert.fail(`${await locator.evaluate((element) => element.outerHTML.slice(0, 120))} cannot be reached with Tab`);
    };
    assert.ok(await rote.testid("predict").isDisabled(), "one must predict before one sees");
    for (let at = 0; at < bounds.length; at++) {
      await tabTo(page.locator(`#guess-${at}`));
      await page.keyboard.press("ArrowRight");
    }
    await tabTo(rote.testid("predict"));
    await page.keyboard.press("Enter");
    await rote.testid("reveal").waitFor();
    const found = await rote.testid("guess-here").evaluateAll((all) => all.map((one) => Number(one.dataset.value)));
    console.log(`lesson ${number}: ${found.map((value) => value.toFixed(2)).join(", ")}`);
    assert.equal(found.length, bounds.length);
    bounds.forEach(([least, most], at) => {
      assert.ok(found[at] >= least && found[at] <= most, `number ${at + 1} is ${found[at]}, not in ${least} to ${most}`);
    });
    // The reveal stays when the page is opened again, and is taken back only when asked.
    await page.reload();
    await rote.testid("reveal").waitFor();
    await rote.press("predict-again");
    assert.equal(await rote.testid("reveal").count(), 0);
    assert.deepEqual(rote.consoleErrors, []);
    await page.context().close();
  });
}

test("a lesson is printed as a worksheet with room to write", async () => {
  const rote = await RotePage.open(browser, "view=lesson-2");
  await rote.page.emulateMedia({ media: "print" });
  assert.ok(await rote.page.locator(".worksheet").isVisible());
  assert.match(await rote.page.locator(".worksheet").innerText(), /I predict/);
  assert.ok(!(await rote.testid("lesson").isVisible()));
  await rote.page.context().close();
});

test("a teacher's link hides parts, fixes settings and opens a chapter", async () => {
  const rote = await RotePage.open(browser, "race=off&hide=runs,presets,lessons&fix=model,seed,race,engine&engine=cpu");
  for (const part of ["nav.presets", '[data-testid="view-lesson-1"]', '[data-testid="view-runs"]', ".runs"]) {
    assert.equal(await rote.page.locator(part).count(), 0, part);
  }
  for (const control of ["#setting-model", "#setting-seed", "#setting-race", "#engine-select"]) {
    assert.ok(await rote.page.locator(control).isDisabled(), control);
  }
  assert.ok(await rote.page.locator("#setting-images").isEnabled());
  // What is hidden leaves no hole.
  await rote.page.setViewportSize({ width: 1440, height: 900 });
  const chartsLeft = async () => (await rote.page.locator(".charts").boundingBox()).x;
  const beside = await chartsLeft();
  await rote.go("race=off&hide=dial,settings&engine=cpu");
  assert.ok((await chartsLeft()) < beside / 4);
  await rote.go("view=lesson-4");
  assert.match(await rote.testid("lesson").innerText(), /regularizers/i);
  await rote.page.context().close();
});
