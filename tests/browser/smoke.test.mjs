// The smoke walk in three browsers, and whether they have found the same. Chromium must be there; another that is not, or
// that does not start (Ubuntu's Firefox cannot see the profile that it is given), is named with the reason and left out.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as chromium from "./smoke-chromium.mjs";
import * as firefox from "./smoke-firefox.mjs";
import { inTime } from "./smoke-process.mjs";
import * as webkit from "./smoke-webkit.mjs";
import { table, walk } from "./smoke.mjs";

const ADDRESS = process.env.ROTE_URL ?? "http://localhost:8080/";
// A browser that has died in the middle answers nothing.
const LIMIT_MS = 900_000;

const notTested = (name, why) => `Not tested in ${name}: ${why}`;

const walks = [];
for (const { name, missing, start } of [chromium, firefox, webkit]) {
  test(`${name}: the race, a pause, a reload and on to the same end, and a lesson`, { timeout: LIMIT_MS }, async (t) => {
    const lacking = missing();
    if (lacking) return t.skip(notTested(name, lacking));
    let driver;
    try {
      driver = await start();
    } catch (error) {
      if (name === chromium.name) throw error;
      return t.skip(notTested(name, error.message));
    }
    t.after(() => driver.close());
    const found = await walk(driver, ADDRESS);
    for (const { trainAccuracy } of found.race) assert.ok(trainAccuracy > 0.98, `${trainAccuracy} of what was shown is memorized`);
    walks.push(found);
  });
}

test("a browser that starts and says nothing is not waited for, and one that fails says why", async () => {
  await assert.rejects(inTime(new Promise(() => {}), 0), /it has not started after 0 s/);
  await assert.rejects(inTime(Promise.reject(new Error("no screen"))), /no screen/);
  assert.equal(await inTime(Promise.resolve("driver")), "driver");
});

test("all browsers end the race and the lesson with the same numbers", (t) => {
  if (walks.length < 2) return t.skip("fewer than two browsers have finished the walk");
  console.log(table(walks));
  const [first, ...others] = walks;
  for (const { browser, race, lesson } of others) {
    assert.deepEqual({ race, lesson }, { race: first.race, lesson: first.lesson }, `${browser} against ${first.browser}`);
  }
});
