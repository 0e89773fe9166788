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
  3: [[0.5, 6], [0.1, 6], [0.1, 6], [0.1, 6]],
  4: [[0.99, 1], [0.99, 1], [0.5, 1], [0.3, 1], [0.15, 0.6], [0.15, 0.6]],
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
    assert.equal(await page.locator("button.primary").count(), 1, "there is one thing to do");
    for (const seen of [".charts", ".map", '[data-testid="train"]', ".told"]) {
      assert.equal(await page.locator(seen).count(), 0, `${seen} is there before the prediction`);
    }
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
    assert.equal(await rote.testid("guess-value").count(), 0, "what came of it stands where the guess stood");
    assert.match(await rote.testid("told").innerText(), /\d/, "what came of it is told in its numbers");
    bounds.forEach(([least, most], at) => {
      assert.ok(found[at] >= least && found[at] <= most, `number ${at + 1} is ${found[at]}, not in ${least} to ${most}`);
    });
    // The reveal stays when the page is opened again, and is taken back only when asked.
    await page.reload();
    await rote.testid("reveal").waitFor();
    await rote.press("predict-again");
    assert.equal(await rote.testid("reveal").count(), 0);
    assert.equal(await page.locator(".charts").count(), 0, "the results go with the prediction");
    assert.deepEqual(rote.consoleErrors, []);
    await page.context().close();
  });
}

async function predict(rote, count) {
  for (let at = 0; at < count; at++) await rote.page.locator(`#guess-${at}`).press("ArrowRight");
  await rote.press("predict");
}

test("a lesson whose number cannot be measured ends with its runs, and says so", async () => {
  const rote = await RotePage.open(browser, "view=lesson-3&engine=cpu&images=120&batch-size=20&epochs=1");
  await predict(rote, 4);
  await rote.testid("reveal").waitFor();
  assert.match(await rote.testid("guess-here").first().innerText(), /not within 1 epoch/);
  assert.match(await rote.testid("told").innerText(), /With true labels: not within 1 epoch/);
  await rote.page.context().close();
});

test("a press on a slider's middle is a prediction, by mouse and by key", async () => {
  const rote = await RotePage.open(browser, "view=lesson-1&engine=cpu");
  const value = (at) => rote.testid("guess-value").nth(at).innerText();
  assert.deepEqual([await value(0), await value(1)], ["?", "?"]);
  await rote.page.locator("#guess-0").click();
  assert.equal(await value(0), "50 %");
  await rote.page.locator("#guess-1").press("Enter");
  assert.equal(await value(1), "50 %");
  assert.ok(await rote.testid("predict").isEnabled());
  await rote.page.context().close();
});

test("another student finds no predictions and no results", async () => {
  const rote = await RotePage.open(browser, `view=lesson-6&${QUICK}`);
  await predict(rote, 4);
  await rote.testid("reveal").waitFor();
  await rote.press("new-student");
  assert.equal(await rote.testid("reveal").count(), 0);
  assert.deepEqual(await rote.testid("guess-value").allInnerTexts(), ["?", "?", "?", "?"]);
  // What the student before had trained is not shown at once: it is trained again.
  await predict(rote, 4);
  await rote.testid("lesson-state").getByText("runs are done").waitFor();
  await rote.testid("reveal").waitFor();
  await rote.go(`view=lesson-1&${QUICK}`);
  assert.equal(await rote.testid("guess-value").first().innerText(), "?");
  await rote.page.context().close();
});

test("the truth is drawn in the colour of the truth, here as in the charts", async () => {
  const rote = await RotePage.open(browser, `view=lesson-6&${QUICK}`);
  await predict(rote, 4);
  await rote.testid("reveal").waitFor();
  const colours = await rote.page.locator(".scale-here").evaluateAll((all) => all.map((bar) => getComputedStyle(bar).backgroundColor));
  const [truth, lies] = await rote.page.evaluate(() =>
    ["--lane-a", "--lane-b"].map((name) => {
      const probe = document.body.appendChild(document.createElement("i"));
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color;
    }),
  );
  assert.deepEqual(colours, [truth, lies, truth, lies]);
  await rote.page.context().close();
});

test("where lessons are hidden none leads to the next", async () => {
  const rote = await RotePage.open(browser, `view=lesson-6&hide=lessons&${QUICK}`);
  await rote.go(`view=lesson-1&hide=lessons&${QUICK}`);
  await predict(rote, 2);
  await rote.testid("reveal").waitFor();
  assert.equal(await rote.testid("next-lesson").count(), 0);
  await rote.page.context().close();
});

test("a lesson is printed as a worksheet with room to write and no answers", async () => {
  const rote = await RotePage.open(browser, "view=lesson-2", { viewport: { width: 794, height: 1123 } });
  await rote.page.emulateMedia({ media: "print" });
  const sheet = rote.page.locator(".worksheet");
  assert.match(await sheet.innerText(), /I predict/);
  assert.ok(!(await rote.testid("lesson").isVisible()));
  assert.doesNotMatch(await sheet.innerText(), /50[.,]51|10[.,]61/, "the paper's numbers are answers");
  assert.ok((await sheet.boundingBox()).height > 1000, "it fills its page");
  const address = await rote.page.locator(".address").innerText();
  assert.ok(address.startsWith(new URL(rote.page.url()).origin) && address.includes("view=lesson-2"), address);
  const pages = (await rote.page.pdf({ format: "A4", preferCSSPageSize: true })).toString("latin1").match(/\/Type ?\/Page\b/g).length;
  assert.equal(pages, 1, "on one page");
  await rote.page.context().close();
});

test("the laboratory prints its charts and results, not its form", async () => {
  const rote = await RotePage.open(browser, `race=labels&label-corruption=1&${QUICK}`);
  await rote.press("train");
  await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
  await rote.page.emulateMedia({ media: "print" });
  for (const seen of [".charts .plot", '[data-testid="lane-a"]', ".address"]) assert.ok(await rote.page.locator(seen).first().isVisible(), seen);
  for (const gone of [".controls", ".run-bar", ".presets"]) assert.ok(!(await rote.page.locator(gone).isVisible()), gone);
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
