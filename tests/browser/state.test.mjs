// What a user typed, trained, fixed or went away from is still there afterwards.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, PATIENCE_MS, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const SHORT = "race=off&engine=cpu&images=60&batch-size=20&epochs=3";
const ENDLESS = "race=off&engine=cpu&images=100&batch-size=10&epochs=100000";

const recipeOf = (rote, lane = 0) => rote.page.evaluate((lane) => window.roteEvents[lane].find((event) => event.event === "started").recipe, lane);
const queryOf = (rote) => new URL(rote.page.url()).searchParams;

// Trains until so many steps and pauses; returns the step.
const pausedAfter = async (rote, steps) => {
  await rote.pauseAfter("a", steps);
  await rote.press("train");
  await rote.reaches("a", "paused");
  return rote.number("a", "step");
};

test("a value that was typed is what Train trains, though it is pressed at once", async () => {
  const rote = await RotePage.open(browser, SHORT);
  await rote.reaches("a", "idle");
  await rote.page.locator("#setting-seed").fill("7");
  await rote.press("step");
  await rote.reaches("a", "paused");
  assert.equal((await recipeOf(rote)).seed, "7");
  assert.equal(await rote.number("a", "step"), 1);
  await rote.page.locator("#setting-seed").fill("8");
  await rote.press("train");
  await rote.reaches("a", "finished");
  assert.equal((await recipeOf(rote)).seed, "8");
  await rote.page.context().close();
});

test("numbers are understood as they are written in many countries, and the batch follows the images", async () => {
  const rote = await RotePage.open(browser, "race=off&engine=cpu&images=100");
  assert.equal(await rote.messages(), "");
  const type = async (key, text) => {
    await rote.page.locator(`#setting-${key}`).fill(text);
    await rote.page.locator(`#setting-${key}`).press("Enter");
  };
  for (const [key, text, share, other] of [["label-corruption", "50 %", 0.5, "25"], ["label-corruption", "12,5", 0.125, "25"],
    ["dropout", "50 %", 0.5, "0.25"], ["dropout", "0,125", 0.125, "0.25"]]) {
    await type(key, text);
    await rote.page.waitForURL((url) => url.searchParams.get(key) === String(share));
    await type(key, other);
    await rote.page.waitForURL((url) => url.searchParams.get(key) === "0.25");
  }
  await type("images", "50");
  await rote.page.waitForURL(/batch-size=50/);
  assert.equal(await rote.page.locator("#error-batch-size").innerText(), "");
  await rote.page.context().close();
});

test("a lesson's link brings the lesson's settings, and what it changes of them outlives a reload", async () => {
  const rote = await RotePage.open(browser);
  const href = await rote.testid("view-lesson-1").getAttribute("href");
  assert.equal(href, "?view=lesson-1");
  await rote.go("view=lesson-1&images=1000");
  await rote.testid("lesson").waitFor();
  await rote.page.reload();
  await rote.testid("view-lab").click();
  assert.equal(await rote.page.locator("#setting-images").inputValue(), "1000");
  await rote.page.context().close();
});

test("what a teacher's link fixes and hides stays so through presets and lessons", async () => {
  const rote = await RotePage.open(browser, "race=off&engine=cpu&seed=9&fix=seed&hide=runs,map");
  const holds = async () => {
    await rote.page.waitForURL((url) => url.searchParams.get("fix") === "seed" && url.searchParams.get("seed") === "9");
    assert.equal(queryOf(rote).get("hide"), "runs,map");
    assert.equal(queryOf(rote).get("engine"), "cpu");
    assert.equal(await rote.page.locator(".runs").count(), 0);
  };
  await rote.page.getByRole("link", { name: "Random pixels" }).click();
  await rote.page.waitForURL(/condition=random-pixels/);
  await holds();
  await rote.testid("view-lesson-1").click();
  await rote.testid("lesson").waitFor();
  await rote.page.waitForURL(/view=lesson-1/);
  await holds();
  assert.equal(await rote.page.locator(".map").count(), 0);
  // What a lesson asks about stays its own: on true labels it would have nothing to say.
  await rote.go("race=off&engine=cpu&seed=9&images=60&batch-size=20&fix=condition,images,batch-size,seed");
  await rote.testid("view-lesson-1").click();
  await rote.testid("lesson").waitFor();
  for (const at of [0, 1]) await rote.page.locator(`#guess-${at}`).press("ArrowRight");
  await rote.press("predict");
  await rote.testid("reveal").waitFor();
  assert.match(await rote.testid("told").innerText(), /of its training pictures “right”/);
  const { condition, seed, images } = await recipeOf(rote);
  assert.deepEqual([condition, seed, images], ["random-labels", "9", "60"]);
  await rote.page.context().close();
});

test("a link that only fixes something opens the race of the start page", async () => {
  const rote = await RotePage.open(browser, "fix=seed&engine=cpu");
  await rote.reaches("a", "idle");
  await rote.reaches("b", "idle");
  assert.ok(await rote.page.locator("#setting-seed").isDisabled());
  await rote.page.context().close();
});

test("views are entries of the browser's history, with titles", async () => {
  const rote = await RotePage.open(browser, "engine=cpu");
  await rote.reaches("a", "idle");
  const { page } = rote;
  const start = await page.title();
  await rote.testid("view-lesson-1").click();
  await page.waitForFunction((start) => document.title !== start && /Lesson 1/.test(document.title), start);
  await page.waitForURL(/view=lesson-1/);
  await rote.testid("view-runs").click();
  await page.waitForFunction(() => /Runs/.test(document.title));
  await page.waitForURL(/view=runs/);
  const { entries } = await (await page.context().newCDPSession(page)).send("Page.getNavigationHistory");
  const titles = entries.filter(({ url }) => url.startsWith("http")).map(({ title }) => title);
  assert.equal(titles[0], start);
  assert.match(titles[1], /^Lesson 1/);
  assert.match(titles[2], /^Runs/);
  await page.goBack();
  await rote.testid("lesson").waitFor();
  await page.goBack();
  await rote.testid("lane-a").waitFor();
  assert.equal(await page.title(), start);
  assert.equal(await rote.page.locator("#setting-race").inputValue(), "labels");
  await page.goForward();
  await rote.testid("lesson").waitFor();
  await page.context().close();
});

test("two tabs do not take each other's run away, and hear of each other", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const one = await RotePage.open(browser, ENDLESS, { context });
  const step = await pausedAfter(one, 31);
  const other = await RotePage.open(browser, `${ENDLESS}&seed=2`, { context });
  await other.press("step");
  await other.reaches("a", "paused");
  await one.page.reload();
  await one.reaches("a", "paused");
  assert.equal(await one.number("a", "step"), step);
  // The same run in both: the one that is behind is told, and does not overwrite the one that is further.
  await other.go(ENDLESS);
  await other.reaches("a", "paused");
  assert.equal(await other.number("a", "step"), step);
  await other.press("step");
  await other.steps("a", step + 1);
  await one.says(/Another tab of this page trains the same run/);
  await context.close();
});

test("a run whose transaction the browser takes back does not count as stored", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.addInitScript(() => {
    // What a full disk does: the requests succeed, and at the end all is taken back.
    IDBTransaction.prototype.commit = function () {
      this.abort();
    };
  });
  const rote = await RotePage.open(browser, SHORT, { context });
  await rote.press("train");
  await rote.reaches("a", "finished");
  await rote.says(/does not keep this run/);
  await rote.says(/does not store this run/);
  assert.equal(await rote.testid("run").getAttribute("data-stored"), "false");
  await context.close();
});

test("a stored run that cannot be read is dropped with a sentence, and the run begins again", async () => {
  const rote = await RotePage.open(browser, "race=off&engine=cpu&images=100&batch-size=10&epochs=20");
  await pausedAfter(rote, 20);
  await rote.page.evaluate(
    () =>
      new Promise((done, failed) => {
        const request = indexedDB.open("rote");
        request.onsuccess = () => {
          const transaction = request.result.transaction("runs", "readwrite");
          const store = transaction.objectStore("runs");
          store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
            cursor.update({ ...cursor.value, bytes: cursor.value.bytes.slice(0, 100) });
          };
          transaction.oncomplete = () => (request.result.close(), done());
          transaction.onabort = failed;
        };
      }),
  );
  await rote.page.reload();
  await rote.says(/was dropped, and the run begins again at step 0/);
  await rote.press("train");
  await rote.reaches("a", "finished");
  assert.equal(await rote.number("a", "step"), 200);
  await rote.page.context().close();
});

test("storage that never answers keeps nobody from training and pausing", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const holder = await context.newPage();
  await holder.goto(new URL("worker.js", process.env.ROTE_URL ?? "http://localhost:8080/").href);
  // An older version that is never closed: who asks for a newer one waits for ever.
  await holder.evaluate(() => new Promise((done) => (indexedDB.open("rote", 1).onsuccess = ({ target }) => done((window.held = target.result) && null))));
  const rote = await RotePage.open(browser, ENDLESS, { context });
  await rote.says(/storage does not answer/);
  await pausedAfter(rote, 20);
  await context.close();
});

test("an adapter that never answers is not waited for", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.route("**/worker.js*", async (route) => {
    const response = await route.fetch();
    const silent = "GPU.prototype.requestAdapter = () => new Promise(() => {});\n";
    await route.fulfill({ response, body: silent + (await response.text()) });
  });
  const rote = await RotePage.open(browser, SHORT.replace("engine=cpu", "engine=auto"), { context });
  await rote.press("train");
  await rote.reaches("a", "finished");
  assert.match(await rote.testid("engine-note").innerText(), /does not answer/);
  await context.close();
});

test("a run that is left for other settings is in the list, the page says so, and it goes on when they come back", async () => {
  const rote = await RotePage.open(browser, ENDLESS);
  const step = await pausedAfter(rote, 40);
  await rote.press("train");
  await rote.steps("a", step + 20);
  await rote.page.getByRole("link", { name: "Random pixels" }).click();
  await rote.says(/Left on the way: “True labels” at step \d+/);
  await rote.testid("run").waitFor();
  assert.equal(await rote.testid("run").count(), 1);
  await rote.go(ENDLESS);
  await rote.reaches("a", "paused");
  assert.ok((await rote.number("a", "step")) >= step);
  await rote.page.context().close();
});

test("a reload in the middle of training loses next to nothing", async () => {
  const rote = await RotePage.open(browser, ENDLESS);
  await rote.press("train");
  await rote.steps("a", 60);
  // As the browser says that the page is left. A real reload may be done before the page has answered.
  await rote.page.evaluate(() => window.dispatchEvent(new Event("pagehide")));
  const storedStep = () =>
    rote.page.evaluate(async () => {
      const done = (request) => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = reject)));
      const database = await done(indexedDB.open("rote"));
      const dates = await done(database.transaction("dates").objectStore("dates").getAll());
      database.close();
      return Math.max(0, ...dates.map((date) => Number(date.split(" ").at(-1))));
    });
  const until = Date.now() + PATIENCE_MS;
  while ((await storedStep()) < 60) assert.ok(Date.now() < until, "nothing was stored");
  await rote.page.reload();
  await rote.reaches("a", "paused");
  assert.ok((await rote.number("a", "step")) >= 60);
  await rote.page.context().close();
});

test("a lesson that was left in the middle can be gone on with", async () => {
  const rote = await RotePage.open(browser, "view=lesson-1&engine=cpu&images=100&batch-size=10&epochs=100000&stop-at-train-accuracy=never");
  for (const at of [0, 1]) {
    await rote.page.locator(`#guess-${at}`).focus();
    await rote.page.keyboard.press("ArrowRight");
  }
  await rote.press("predict");
  await rote.testid("lesson-state").getByText("Training").waitFor();
  await rote.page.waitForFunction(() => window.roteEvents[0].length > 40);
  await rote.page.reload();
  await rote.testid("lesson-state").getByText("go on").waitFor();
  await rote.press("predict");
  await rote.testid("lesson-state").getByText("Training").waitFor();
  await rote.page.context().close();
});

test("a deleted run can be taken back, and one that is imported twice is there once", async () => {
  const rote = await RotePage.open(browser, `${SHORT}&stop-at-train-accuracy=1`);
  await rote.press("train");
  await rote.reaches("a", "finished");
  const download = rote.page.waitForEvent("download");
  await rote.testid("export-json").click();
  const file = await (await download).path();
  await rote.page.getByRole("button", { name: /^Delete / }).click();
  assert.equal(await rote.testid("run").count(), 0);
  await rote.page.getByRole("button", { name: "Undo" }).click();
  await rote.page.locator('[data-testid="run"][data-stored="true"]').waitFor();
  const choose = (text) => rote.testid("import").setInputFiles(text);
  await choose({ name: "cat.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await rote.says(/Nothing was imported/);
  await choose(file);
  await rote.says(/1 of 1 runs of the file are in the list already/);
  assert.equal(await rote.testid("run").count(), 1);
  assert.doesNotMatch(await rote.messages(), /Nothing was imported/);
  await rote.page.reload();
  await rote.testid("run").waitFor();
  assert.equal(await rote.testid("run").count(), 1);
  // The next one is announced with what it usually takes.
  await rote.press("reset");
  await rote.reaches("a", "idle");
  assert.match(await rote.testid("status").innerText(), /about \d+ s/);
  await rote.page.context().close();
});

test("with runs laid over, the current one is named in the charts too", async () => {
  const rote = await RotePage.open(browser, SHORT);
  await rote.press("train");
  await rote.reaches("a", "finished");
  const names = () => rote.page.locator(".charts .plot").first().locator("text").allTextContents();
  assert.ok(!(await names()).some((text) => /True labels/.test(text)));
  await rote.page.locator(".run-name").fill("before");
  await rote.page.locator(".run-name").press("Enter");
  await rote.page.getByRole("checkbox", { name: "Show before in the charts" }).check();
  await rote.page.waitForFunction(() => /True labels/.test(document.querySelector(".charts .plot").textContent));
  await rote.page.context().close();
});

test("a step that ends a run of a sweep does not train the next one", async () => {
  const rote = await RotePage.open(browser, "race=corruption&engine=cpu&images=60&batch-size=30&steps=2");
  for (const count of [1, 2]) {
    await rote.press("step");
    await rote.steps("a", count);
    await rote.steps("b", count);
  }
  await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
  await rote.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await rote.testid("run").count(), 2);
  assert.equal(await rote.lane("a").getAttribute("data-state"), "finished");
  await rote.press("train");
  await rote.page.waitForFunction(() => document.querySelectorAll('[data-testid="run"]').length === 5);
  await rote.page.context().close();
});

test("more images than the server has are refused with how many it has, and are not asked for", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  let answer;
  const isAnswered = new Promise((resolve) => (answer = resolve));
  await context.route("**/data/index.json", async (route) => {
    await isAnswered;
    await route.fulfill({ json: { training_images: [2000] } });
  });
  const asked = [];
  await context.route("**/data/*.bin", (route) => (asked.push(route.request().url()), route.continue()));
  const rote = await RotePage.open(browser, "race=off&engine=cpu&images=5000", { context });
  // The page stands, and waits for the answer.
  await rote.page.locator('button[data-testid="train"]:disabled').waitFor();
  answer();
  await rote.page.locator("#error-images").getByText(/at most 2000/).waitFor();
  assert.ok(!asked.some((url) => /10000/.test(url)), asked.join());
  assert.doesNotMatch(await rote.messages(), /404/);
  await context.close();
});

test("a machine that slept is not taken for an engine that hangs", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.clock.install();
  const rote = await RotePage.open(browser, ENDLESS, { context });
  await pausedAfter(rote, 20);
  await rote.press("train");
  await rote.page.workers()[0].evaluate(() => {
    setTimeout(() => { for (;;); });
  });
  await rote.page.clock.runFor(3000);
  await rote.page.clock.fastForward("05:00");
  assert.equal(await rote.messages(), "");
  await rote.page.context().close();
});

test("a teacher makes a link for a class and copies it", async () => {
  const context = await browser.newContext({ serviceWorkers: "block", permissions: ["clipboard-read", "clipboard-write"] });
  const rote = await RotePage.open(browser, "race=off&seed=9", { context });
  await rote.testid("class-link").locator("summary").click();
  await rote.page.locator("#class-view").selectOption("lesson-2");
  const panel = rote.testid("class-link");
  await panel.getByLabel("seed", { exact: true }).check();
  await panel.getByLabel("runs", { exact: true }).check();
  const link = await rote.page.locator("#class-address").inputValue();
  const query = new URL(link).searchParams;
  assert.deepEqual(["view", "fix", "hide", "seed"].map((key) => query.get(key)), ["lesson-2", "seed", "runs", "9"]);
  await rote.testid("copy-link").click();
  await panel.getByText("Copied.").waitFor();
  assert.equal(await rote.page.evaluate(() => navigator.clipboard.readText()), link);
  await context.close();
});

test("a text that cannot be taken is still there after a look at the runs", async () => {
  const rote = await RotePage.open(browser, SHORT);
  const seed = rote.page.locator("#setting-seed");
  await seed.fill("many");
  await seed.press("Enter");
  await rote.page.locator("#error-seed").getByText(/many/).waitFor();
  await rote.testid("view-runs").click();
  await rote.page.waitForURL(/view=runs/);
  await rote.testid("view-lab").click();
  await rote.page.waitForURL((url) => !url.searchParams.has("view"));
  assert.equal(await seed.inputValue(), "many");
  assert.match(await rote.page.locator("#error-seed").innerText(), /many/);
  await rote.page.context().close();
});

test("a server that does not say how many images it has is waited for, and not for ever", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.route("**/data/index.json", () => {});
  const rote = await RotePage.open(browser, SHORT, { context });
  await rote.reaches("a", "idle");
  const images = rote.page.locator("#setting-images");
  await images.fill("5000");
  await images.press("Enter");
  assert.ok(await rote.page.locator('button[data-testid="train"]').isDisabled());
  await rote.page.locator("#error-images").getByText(/at most 2000/).waitFor();
  await images.fill("60");
  await images.press("Enter");
  await rote.press("train");
  await rote.reaches("a", "finished");
  await context.close();
});

test("a reload that brought fitting files is not remembered against the next one", async () => {
  const rote = await RotePage.open(browser, SHORT);
  await rote.page.evaluate(() => sessionStorage.setItem("rote-reloaded", document.documentElement.dataset.version ?? ""));
  await rote.page.reload();
  await rote.press("step");
  await rote.reaches("a", "paused");
  assert.equal(await rote.page.evaluate(() => sessionStorage.getItem("rote-reloaded")), null);
  await rote.page.context().close();
});
