// What a visitor meets before training: first paint, downloads, links.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("the page loads without an error on the console", async () => {
  const rote = await RotePage.open(browser);
  await rote.page.waitForLoadState("networkidle");
  assert.deepEqual(rote.consoleErrors, []);
  await rote.page.context().close();
});

test("first paint waits for no WebAssembly at all", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await context.newPage();
  await page.route(/\.wasm(\?|$)/, () => {}); // never answered
  await page.goto(process.env.ROTE_URL ?? "http://localhost:8080/", { waitUntil: "commit" });
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.match(await page.locator("body").innerText(), /random labels/i);
  await context.close();
});

test("a link with rubbish opens the page, takes what is right and says what is not", async () => {
  const rote = await RotePage.open(browser, "images=many&seed=7&colour=red&label-corruption=2");
  const messages = await rote.messages();
  assert.match(messages, /`images` is many, but it must be a whole number between 10 and 50000/);
  assert.match(messages, /there is no setting `colour`/);
  assert.match(messages, /`label-corruption` is 2, but it must be a number between 0 and 1/);
  assert.equal(await rote.page.locator("#setting-seed").inputValue(), "7");
  await rote.page.context().close();
});

test("the address holds every setting that is changed", async () => {
  const rote = await RotePage.open(browser, "race=off&images=200");
  const seed = rote.page.locator("#setting-seed");
  await seed.fill("42");
  await seed.press("Enter");
  await rote.page.waitForURL(/seed=42/);
  assert.match(rote.page.url(), /images=200/);
  await rote.page.context().close();
});

test("a setting out of range gets the sentence of the command line beside its control", async () => {
  const rote = await RotePage.open(browser, "race=off");
  const batch = rote.page.locator("#setting-batch-size");
  await batch.fill("0");
  await batch.press("Enter");
  await rote.page.locator("#error-batch-size").getByText("`batch-size` is 0, but it must be a whole number between 1 and").waitFor();
  await rote.page.context().close();
});

test("an engine that cannot be downloaded says so and can be tried again", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.route("**/engine_bg.wasm*", (route) => route.abort());
  const rote = await RotePage.open(browser, "race=off&images=32&batch-size=16&steps=4&engine=cpu", { context });
  await rote.press("train");
  await rote.says(/engine_bg\.wasm\) could not be downloaded/);
  await context.unroute("**/engine_bg.wasm*");
  await rote.page.getByRole("button", { name: /retry/i }).click();
  const train = rote.testid("train");
  if (await train.isEnabled()) await train.click();
  await rote.reaches("a", "finished");
  await context.close();
});

test("a second visit trains though the server is gone", async () => {
  const context = await browser.newContext();
  const settings = "race=off&images=32&batch-size=16&steps=4&engine=cpu";
  const first = await RotePage.open(browser, settings, { context });
  await first.isKept();
  await first.page.close();
  await context.setOffline(true);
  const second = await RotePage.open(browser, settings, { context });
  await second.press("train");
  await second.reaches("a", "finished");
  assert.equal(await second.number("a", "step"), 4);
  await context.close();
});
