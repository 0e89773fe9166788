// When a run is stored, how often, and what of it stays: in a hidden tab, beside another tab, where the storage is slow.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, RotePage } from "./rote-page.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const ENDLESS = "race=off&engine=cpu&images=100&batch-size=10&epochs=100000";

// Trains until so many steps and pauses; returns the step.
const pausedAfter = async (rote, steps) => {
  await rote.pauseAfter("a", steps);
  await rote.press("train");
  await rote.reaches("a", "paused");
  return rote.number("a", "step");
};

// Notes what the page asks of its workers, as words in `window.requests`.
const withRequests = async (options = {}) => {
  const context = await browser.newContext({ serviceWorkers: "block", ...options });
  await context.addInitScript(() => {
    window.requests = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
      const request = message?.json && JSON.parse(message.json);
      if (request) window.requests.push(typeof request === "string" ? request : Object.keys(request)[0]);
      return post.call(this, message, ...rest);
    };
  });
  const asked = (page, request) => page.evaluate((request) => window.requests.filter((one) => one === request).length, request);
  return { context, asked };
};

// Keeps everyone else from the stored runs until it is told to let go.
const heldStorage = async (context) => {
  const holder = await context.newPage();
  await holder.goto(new URL("worker.js", process.env.ROTE_URL ?? "http://localhost:8080/").href);
  await holder.evaluate(
    () =>
      new Promise((held) => {
        indexedDB.open("rote").onsuccess = ({ target: { result: database } }) => {
          const transaction = database.transaction(["runs", "dates"], "readwrite");
          const again = () => (held(), window.letGo || (transaction.objectStore("runs").count().onsuccess = again));
          transaction.oncomplete = () => database.close();
          again();
        };
      }),
  );
  return () => holder.evaluate(() => (window.letGo = true) && null);
};

// What is done with all stored runs, and what came of it.
const changeStored = (rote, change) =>
  rote.page.evaluate(
    (change) =>
      new Promise((done, failed) => {
        indexedDB.open("rote").onsuccess = ({ target: { result: database } }) => {
          const transaction = database.transaction("runs", "readwrite");
          const store = transaction.objectStore("runs");
          let count = 0;
          store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
            if (!cursor) return;
            count += 1;
            if (change !== undefined) cursor.update(change);
            cursor.continue();
          };
          transaction.oncomplete = () => (database.close(), done(count));
          transaction.onabort = failed;
        };
      }),
    change,
  );

test("a hidden page, which is woken once a minute, stores its run all the same", async () => {
  const { context, asked } = await withRequests();
  await context.clock.install();
  const rote = await RotePage.open(browser, ENDLESS, { context });
  await rote.press("train");
  await rote.steps("a", 20);
  const before = await asked(rote.page, "checkpoint");
  for (let minute = 1; minute <= 3; minute += 1) await rote.page.clock.fastForward("01:00");
  assert.ok((await asked(rote.page, "checkpoint")) >= before + 3);
  await context.close();
});

test("a pause that did not wait for a slow storage keeps none of the next ones from being stored", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const rote = await RotePage.open(browser, ENDLESS, { context });
  const first = await pausedAfter(rote, 20);
  const letGo = await heldStorage(context);
  const second = await pausedAfter(rote, first + 20);
  await letGo();
  const step = await pausedAfter(rote, second + 20);
  await rote.page.reload();
  await rote.reaches("a", "paused");
  assert.equal(await rote.number("a", "step"), step);
  await context.close();
});

test("what is stored and is no run is dropped with a sentence, and keeps nothing from being stored", async () => {
  const rote = await RotePage.open(browser, ENDLESS);
  await pausedAfter(rote, 40);
  assert.equal(await changeStored(rote, "no run"), 1);
  await rote.page.reload();
  await rote.says(/was dropped, and the run begins again at step 0/);
  await rote.reaches("a", "idle");
  const step = await pausedAfter(rote, 10);
  await rote.page.reload();
  await rote.reaches("a", "paused");
  assert.equal(await rote.number("a", "step"), step);
  await rote.page.context().close();
});

test("a run is said once to be in another tab too", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const one = await RotePage.open(browser, ENDLESS, { context });
  await pausedAfter(one, 20);
  const other = await RotePage.open(browser, ENDLESS, { context });
  await other.reaches("a", "paused");
  const stored = async () => {
    await one.page.evaluate(() => {
      window.heard = new Promise((heard) => (new BroadcastChannel("rote").onmessage = ({ data }) => data !== "list" && setTimeout(heard)));
    });
    await other.press("step");
    await one.page.evaluate(() => window.heard);
  };
  await stored();
  await one.says(/Another tab of this page trains the same run/);
  await one.page.getByRole("button", { name: "Dismiss this message" }).click();
  await stored();
  assert.equal(await one.messages(), "");
  await context.close();
});

test("each run of a sweep is made once, and what is over takes no place in the storage", async () => {
  const { context, asked } = await withRequests();
  const rote = await RotePage.open(browser, "race=corruption&engine=cpu&images=60&batch-size=30&steps=2", { context });
  for (const count of [1, 2]) {
    await rote.press("step");
    await rote.steps("a", count);
    await rote.steps("b", count);
  }
  await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
  await rote.press("train");
  await rote.page.waitForFunction(() => document.querySelectorAll('[data-testid="run"]').length === 5);
  assert.equal(await asked(rote.page, "load"), 5);
  // Those that stand finished on the two lanes may stay; the others go, each in its own moment.
  let count = 0;
  for (let look = 0; look < 100 && (look === 0 || count > 2); look += 1) count = await changeStored(rote);
  assert.ok(count <= 2, `${count} runs are stored`);
  await context.close();
});
