// One clock for every run of a comparison: what stops a run measures it, and the charts mark the moment.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// Where a chart has its diamonds, from left to right in the order of the runs. Each is drawn twice: a rim, then the colour.
const diamonds = (rote, title) =>
  rote.page.locator("figure.chart", { has: rote.page.getByRole("heading", { name: title, exact: true }) }).locator("svg polygon").evaluateAll((all) => {
    const corners = all.map((polygon) => polygon.getAttribute("points").trim().split(/\s+/).map((pair) => pair.split(",").map(Number)));
    const middles = corners.filter((each) => each.length === 4).map((each) => each.reduce((sum, [x]) => sum + x / 4, 0));
    return middles.filter((_, at) => at % 2 === 1);
  });

// What the page says of the order, once it says `text`.
async function order(rote, text) {
  const told = rote.testid("fit-order");
  await told.filter({ hasText: text }).waitFor();
  return told.innerText();
}

test("as the page opens, random labels take longer than true ones, and charts and words say so", async () => {
  const rote = await RotePage.open(browser);
  await rote.reaches("b", "idle");
  assert.equal(await rote.testid("fit-order").innerText(), "");
  await rote.press("train");
  await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
  const [trueSteps, randomSteps] = [await rote.number("a", "step"), await rote.number("b", "step")];
  console.log(`fitted after ${trueSteps} steps with true labels, ${randomSteps} with random labels`);
  assert.ok(randomSteps > trueSteps, `random labels after ${randomSteps} steps, true labels after ${trueSteps}`);
  // The step a run stopped at is the step it is measured by.
  const times = (randomSteps / trueSteps).toFixed(1);
  assert.equal(
    await order(rote, "times as long"),
    `Fitted means that the mean training loss of an epoch is at most 0.1. True labels: after ${trueSteps} steps. ` +
      `Random labels: after ${randomSteps} steps. Random labels took ${times} times as long as true labels, which the paper finds too.`,
  );
  for (const lane of ["a", "b"]) {
    assert.match(await rote.lane(lane).innerText(), /the training loss asked for is reached/);
    assert.ok((await rote.number(lane, "train-accuracy")) >= 0.99, "what is fitted is named as it is told");
  }
  const [trueTest, randomTest] = [await rote.number("a", "test-accuracy"), await rote.number("b", "test-accuracy")];
  assert.ok(Math.abs(randomTest - 0.1) <= 0.05, `test accuracy ${randomTest} after random labels`);
  assert.ok(trueTest > 0.25, `test accuracy ${trueTest} after true labels`);
  for (const title of ["Accuracy", "Training loss", "Pictures with a wrong label"]) {
    const marks = await diamonds(rote, title);
    // Only the random labels have wrong ones among them.
    assert.equal(marks.length, title.startsWith("Pictures") ? 1 : 2, title);
    assert.ok(marks.length < 2 || marks[0] < marks[1], `${title}: ${marks}`);
  }
  assert.deepEqual(rote.consoleErrors, []);
  await rote.page.context().close();
});

test("where noise is fitted sooner than true labels, the page says so and why", async () => {
  const rote = await RotePage.open(browser, "race=conditions&engine=cpu&images=200&batch-size=50&stop-at-train-loss=0.1");
  await rote.press("train");
  const told = await order(rote, /Gaussian noise: after/);
  console.log(told);
  const stepsOf = (title) => Number(told.match(new RegExp(`${title}: after ([\\d,]+) steps`))[1].replace(",", ""));
  assert.ok(stepsOf("Gaussian noise") < stepsOf("True labels"), told);
  assert.match(told, /Sooner than true labels: [^.]*Gaussian noise\. With only 200 pictures that can be: pictures of noise lie far apart/);
  assert.match(told, /in the paper, with 50,000, they come first/);
  await rote.page.context().close();
});

test("an old link that stops at an accuracy is measured by it, in every run", async () => {
  const rote = await RotePage.open(browser, "race=labels&label-corruption=1&engine=cpu&images=200&batch-size=50&stop-at-train-accuracy=1");
  await rote.press("train");
  await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
  const told = await order(rote, /Random labels: after/);
  assert.match(told, /^Fitted means that 100 % of the training pictures are named as it is told\. /);
  for (const [lane, title] of [["a", "True labels"], ["b", "Random labels"]]) {
    assert.ok(told.includes(`${title}: after ${await rote.number(lane, "step")} steps.`), told);
    assert.equal(await rote.number(lane, "train-accuracy"), 1);
  }
  await rote.page.context().close();
});

test("every ready-made experiment stops its runs by the clock that measures them", async () => {
  const rote = await RotePage.open(browser);
  const links = await rote.page.locator("nav.presets a").evaluateAll((all) => all.map((link) => link.href));
  assert.equal(links.length, 8);
  for (const link of links) assert.equal(new URL(link).searchParams.get("stop-at-train-loss"), "0.1", link);
  await rote.page.context().close();
});
