// What is said: by a lesson of its runs, by a chart at one place, by the map to who does not see it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const QUICK = "engine=cpu&images=120&batch-size=20&epochs=60";

async function run(lesson, settings, count) {
  const rote = await RotePage.open(browser, `view=lesson-${lesson}&${settings}`);
  for (let at = 0; at < count; at++) await rote.page.locator(`#guess-${at}`).press("ArrowRight");
  await rote.press("predict");
  await rote.testid("reveal").waitFor();
  const told = await rote.testid("told").innerText();
  const here = await rote.testid("guess-here").evaluateAll((all) => all.map((one) => [one.innerText, Number(one.dataset.value)]));
  return { rote, told, here };
}

test("a lesson tells the numbers that were measured", async () => {
  const { rote, told, here } = await run(1, QUICK, 2);
  for (const [words] of here) assert.ok(told.includes(words), `${words} is not in: ${told}`);
  await rote.page.context().close();
});

test("runs that do not fit are not said to have fitted", async () => {
  const { rote, told } = await run(2, "engine=cpu&images=120&batch-size=20&epochs=1", 5);
  assert.match(told, /^0 of 5 networks/);
  assert.doesNotMatch(told, /does not tell how well it will do/);
  await rote.page.context().close();
});

test("a lesson says nothing of runs that it does not ask about", async () => {
  const { rote, told } = await run(1, `${QUICK}&condition=true-labels`, 2);
  assert.equal(told, "The lesson asks about other runs than these.");
  await rote.page.context().close();
});

test("in the fifth lesson the truth rises before it falls, and what to try stops at its peak", async () => {
  const { rote, told, here } = await run(5, "engine=cpu", 2);
  console.log(`lesson 5: ${told.replaceAll("\n", " ")}`);
  assert.match(told, /It rose from/);
  assert.ok(here[0][1] > 0.13 && here[1][1] < 0.05, `${here}`);
  const step = told.match(/truly at step (\d+)/)[1];
  const link = rote.testid("try");
  assert.match(await link.innerText(), new RegExp(`Steps at most set to ${step}\\b`));
  assert.match(await link.getAttribute("href"), new RegExp(`[?&]steps=${step}\\b`));
  await rote.page.context().close();
});

test("a chart is read under the pointer and with the arrow keys", async () => {
  const rote = await RotePage.open(browser, `race=labels&label-corruption=1&${QUICK}`);
  await rote.press("train");
  await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
  const chart = rote.page.locator(".chart").first();
  const said = () => chart.getByTestId("read-out").innerText();
  assert.equal(await said(), "");
  const { width, height } = await chart.locator(".plot").boundingBox();
  await chart.locator(".plot").hover({ position: { x: width / 3, y: height / 2 } });
  assert.match(await said(), /^Step \d+\n.*true train: [\d.]+ %/s);
  await rote.page.mouse.move(0, 0);
  assert.equal(await said(), "");
  await chart.locator(".plot").focus();
  await rote.page.keyboard.press("ArrowRight");
  const first = await said();
  await rote.page.keyboard.press("ArrowRight");
  const second = await said();
  const step = (words) => Number(words.match(/^Step (\d+)/)[1]);
  assert.ok(step(second) > step(first), `${first} then ${second}`);
  await rote.page.keyboard.press("Escape");
  assert.equal(await said(), "");
  await rote.page.context().close();
});

test("the map is a grid whose cells are heard, and a chosen picture is told once", async () => {
  const rote = await RotePage.open(browser, `race=off&label-corruption=0.5&engine=cpu&images=100&batch-size=20&epochs=2000`);
  await rote.press("train");
  const grid = rote.page.getByRole("grid", { name: /training pictures/ });
  await grid.focus();
  await rote.page.keyboard.press("ArrowRight");
  await rote.page.keyboard.press("ArrowRight");
  const active = await grid.getAttribute("aria-activedescendant");
  assert.match(await rote.page.locator(`#${active}`).innerText(), /^Picture 2: /);
  const spoken = rote.testid("spoken");
  assert.match(await spoken.innerText(), /^Picture 2: /);
  // Measured anew many times, said once.
  await rote.page.evaluate(() => {
    window.spoken = 0;
    const status = document.querySelector('[data-testid="spoken"]');
    new MutationObserver(() => window.spoken++).observe(status, { subtree: true, childList: true, characterData: true });
  });
  const step = await rote.number("a", "step");
  await rote.steps("a", step + 50);
  assert.equal(await rote.page.evaluate(() => window.spoken), 0);
  await rote.page.keyboard.press("ArrowRight");
  await spoken.getByText("Picture 3:").waitFor();
  await rote.page.context().close();
});

test("a map without a picture in its group is no grid, and its name still has a role", async () => {
  const rote = await RotePage.open(browser, QUICK);
  // Without a picture it takes no room.
  const role = (role) => rote.page.locator(`[data-testid="map-grid"][role="${role}"]`).waitFor({ state: "attached" });
  await role("grid");
  // Nothing is measured yet.
  await rote.page.getByLabel("Shown:").selectOption("lie memorized");
  await role("group");
  await rote.page.getByLabel("Shown:").selectOption("all");
  await role("grid");
  await rote.page.context().close();
});

test("who changes the view is taken there", async () => {
  const rote = await RotePage.open(browser, QUICK);
  await rote.testid("view-lesson-2").press("Enter");
  await rote.testid("lesson").waitFor();
  await rote.page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "2 How much?");
  await rote.page.context().close();
});

test("on a telephone Train and a chart are on the first screen", async () => {
  const rote = await RotePage.open(browser, "", { viewport: { width: 390, height: 844 } });
  const bottom = async (locator) => {
    const { y, height } = await locator.boundingBox();
    return y + height;
  };
  assert.ok((await bottom(rote.testid("train"))) <= 844);
  assert.ok((await bottom(rote.page.locator(".chart .plot").first())) <= 844, "the first chart");
  assert.ok((await rote.page.locator(".presets").boundingBox()).height < 90, "ready-made experiments are one row");
  await rote.page.context().close();
});

test("the dial speaks of percent, in what it shows and in what it takes", async () => {
  const rote = await RotePage.open(browser, "race=off&engine=cpu&label-corruption=0.5");
  const text = rote.page.locator("#setting-label-corruption");
  assert.equal(await text.inputValue(), "50");
  for (const written of ["25", "25 %", "25,0"]) {
    await text.fill(written);
    await text.press("Enter");
    await rote.page.waitForFunction(() => new URLSearchParams(location.search).get("label-corruption") === "0.25");
    assert.equal(await text.inputValue(), "25");
    await text.fill("50");
    await text.press("Enter");
    await rote.page.waitForFunction(() => new URLSearchParams(location.search).get("label-corruption") === "0.5");
  }
  await text.fill("150");
  await text.press("Enter");
  await rote.page.locator("#error-label-corruption").getByText("“150” must be a number between 0 and 100 %.").waitFor();
  await rote.page.context().close();
});
