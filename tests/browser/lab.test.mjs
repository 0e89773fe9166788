// The map of what is memorized, and the runs that are kept.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const HALF = "race=off&engine=cpu&images=100&batch-size=20&label-corruption=0.5&epochs=40";

const fates = async (rote) => {
  const count = async (fate) => Number(await rote.testid(`fate-${fate}`).innerText());
  return { truth: await count("truth"), lie: await count("lie"), still: await count("still"), neither: await count("neither") };
};

const save = async (rote, testid) => {
  const download = rote.page.waitForEvent("download");
  await rote.testid(testid).click();
  return readFile(await (await download).path(), "utf8");
};

test("the map counts every image, and what the network was told wrongly is memorized in the end", async () => {
  const rote = await RotePage.open(browser, HALF);
  await rote.press("train");
  await rote.reaches("a", "finished");
  const sentence = await rote.lane("a").innerText();
  const [, wrong, memorized] = sentence.match(/Of (\d+) wrong labels it has memorized (\d+)/).map(Number);
  const found = await fates(rote);
  assert.equal(found.truth + found.lie + found.still + found.neither, 100);
  assert.equal(found.lie, memorized);
  assert.ok(found.lie > 0.95 * wrong, `${found.lie} of ${wrong} lies are memorized`);
  // An image's story, chosen with the keyboard.
  await rote.testid("map-grid").focus();
  await rote.page.keyboard.press("ArrowRight");
  await rote.page.keyboard.press("ArrowRight");
  const story = await rote.testid("detail").innerText();
  assert.match(story, /Picture 2: .+ told .+ It now says .+ (As told since epoch \d+|Not as told), .*forgotten/s);
  await rote.page.context().close();
});

test("the map outlives a reload in the middle of training", async () => {
  const rote = await RotePage.open(browser, HALF);
  await rote.pauseAfter("a", 20);
  await rote.press("train");
  await rote.reaches("a", "paused");
  const before = await fates(rote);
  await rote.page.reload();
  await rote.reaches("a", "paused");
  await rote.testid("map").waitFor();
  assert.deepEqual(await fates(rote), before);
  await rote.page.context().close();
});

test("a run is kept, renamed, laid over, exported, imported elsewhere and reproduced to the same accuracy", async () => {
  const rote = await RotePage.open(browser, HALF);
  await rote.press("train");
  await rote.reaches("a", "finished");
  const accuracy = await rote.number("a", "test-accuracy");
  await rote.testid("run").waitFor();
  const name = rote.page.locator(".run-name");
  await name.fill("half of them lies");
  await name.press("Enter");
  await rote.page.getByRole("checkbox", { name: "Show half of them lies in the charts" }).check();
  const chart = rote.page.getByRole("img", { name: /half of them lies: train accuracy/ });
  await chart.waitFor();
  const link = rote.page.url();
  const json = await save(rote, "export-json");
  const csv = await save(rote, "export-csv");
  assert.equal(csv.trim().split("\n").length, 41, "a line an epoch and a head");
  const [run] = JSON.parse(json).runs;
  assert.equal(run.name, "half of them lies");
  assert.equal(run.settings.seed, "1", "what is the default is told too");
  // What the worker said of itself and of its data, whose numbers these are.
  const { origin } = run.events[0];
  assert.match(run.data_sha256, /^[0-9a-f]{64}$/);
  for (const what of ["data_sha256", "revision", "device", "version"]) assert.equal(run[what], origin[what], what);
  // It is still there after a reload.
  await rote.page.reload();
  await rote.testid("run").waitFor();
  assert.equal(await name.inputValue(), "half of them lies");
  await rote.page.context().close();

  // Another browser, the same link: the same seed gives the same accuracy.
  const context = await browser.newContext({ serviceWorkers: "block" });
  const other = await RotePage.open(browser, link.split("?")[1], { context });
  await other.testid("import").setInputFiles({ name: "runs.json", mimeType: "application/json", buffer: Buffer.from(json) });
  await other.testid("run").waitFor();
  await other.press("train");
  await other.reaches("a", "finished");
  assert.equal(await other.number("a", "test-accuracy"), accuracy);
  assert.equal(await other.testid("run").count(), 2);
  await other.testid("import").setInputFiles({ name: "cat.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await other.says(/Nothing was imported/);
  await other.page.getByRole("button", { name: "Delete half of them lies" }).click();
  assert.equal(await other.testid("run").count(), 1);
  await context.close();
});

test("a sweep draws one run after the other and goes on where a reload stopped it", async () => {
  const rote = await RotePage.open(browser, "race=corruption&engine=cpu&images=60&batch-size=20&epochs=15");
  await rote.press("train");
  // A run that was not written yet would have to be made again.
  await rote.page.waitForFunction(() => document.querySelectorAll('[data-testid="run"][data-stored="true"]').length >= 2);
  await rote.page.reload();
  await rote.testid("train").waitFor();
  await rote.page.waitForFunction(() => document.querySelectorAll('[data-testid="run"]').length >= 2);
  await rote.press("train");
  await rote.page.waitForFunction(() => document.querySelectorAll('[data-testid="run"]').length >= 5);
  await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
  const names = await rote.page.locator(".run-name").evaluateAll((all) => all.map((input) => input.value));
  const finished = new Set(names);
  // Figure 1c has a point a run, for the eye and as a table.
  const figure = rote.page.getByRole("img", { name: /^0 % random labels: .*test error\..* 100 % random labels: .*test error\./ });
  await figure.waitFor();
  await rote.page.getByRole("button", { name: "Numbers of Test error as a table" }).click();
  const rows = await rote.testid("numbers").locator("tbody tr").evaluateAll((all) => all.map((row) => row.innerText));
  assert.equal(rows.length, 5);
  const errors = rows.map((row) => Number(row.match(/\t(\d+\.\d) %$/)[1]));
  assert.ok(errors.at(-1) > errors[0] && errors.at(-1) > 80, `test errors of ${errors} %`);
  assert.deepEqual(finished, new Set(["0 % random labels", "25 % random labels", "50 % random labels", "75 % random labels", "100 % random labels"]));
  await rote.page.context().close();
});

test("a browser that refuses storage trains all the same and says what that means", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("storage is refused", "SecurityError");
    };
  });
  const rote = await RotePage.open(browser, "race=off&engine=cpu&images=32&batch-size=16&steps=4", { context });
  await rote.press("train");
  await rote.reaches("a", "finished");
  await rote.says(/does not keep this run/);
  assert.equal(await rote.testid("run").count(), 1);
  await context.close();
});
