// The smoke walk: what a first visitor does with the page, as steps that any browser can take.
//
// A driver is an object with
//   browser            name and version, for people;
//   open(address), reload()   a page that has loaded; of a fresh profile, without WebGPU, so that all compute on the CPU;
//   click(selector), key(selector, "ArrowRight")   as a person does it, on an element that can be seen;
//   evaluate(text)     a JavaScript expression, a promise of a string, in the page;
//   errors()           what the page has reported on its console;
//   close()            ends everything that the driver has started.
import assert from "node:assert/strict";

// Training takes as long as it takes on a slow machine; past this it hangs.
const PATIENCE_MS = 240_000;
const LANES = ["a", "b"];
// Steps of both lanes after which the race is paused: some epochs in, and far from its end.
const PAUSE_AFTER = 16;

// The walk from the page's address; gives what the network has learned and how long that took.
export async function walk(driver, address) {
  const seconds = {};
  const timed = async (what, work) => {
    const start = performance.now();
    await work();
    seconds[what] = (performance.now() - start) / 1000;
  };

  await timed("open", async () => {
    await driver.open(address);
    await appears(driver, enabled("train"));
  });
  await timed("race", async () => {
    await driver.click(button("train"));
    await reach(driver, "finished");
  });
  const race = await lanes(driver);

  // The same race anew, stopped on its way.
  await driver.click(button("reset"));
  await reach(driver, "idle");
  await pauseOnTheWay(driver);
  await driver.click(button("train"));
  await reach(driver, "paused");
  const paused = await lanes(driver);
  assert.ok(paused.every(({ step }, at) => step > 0 && step < race[at].step), `paused at ${paused.map(({ step }) => step)}`);
  await driver.reload();
  await reach(driver, "paused");
  assert.deepEqual(await lanes(driver), paused, "a reload loses nothing");
  await driver.click(button("train"));
  await reach(driver, "finished");
  assert.deepEqual(await lanes(driver), race, "a run that was paused and reloaded ends as one that was not");

  await driver.click('[data-testid="view-lesson-1"]');
  const guesses = await predict(driver);
  await timed("lesson", async () => {
    await driver.click(button("predict"));
    await appears(driver, '[data-testid="reveal"]');
  });
  const lesson = await inPage(driver, () => [...document.querySelectorAll('[data-testid="guess-here"]')].map((here) => Number(here.dataset.value)));
  assert.equal(lesson.length, guesses, "every prediction is answered");

  assert.deepEqual(await driver.errors(), []);
  return { browser: driver.browser, race, lesson, seconds };
}

// What walks have found, a column a browser.
export function table(walks) {
  const share = (value) => `${(100 * value).toFixed(2)} %`;
  const rows = [
    ["", ({ browser }) => browser],
    ...["true labels", "random labels"].flatMap((labels, at) => [
      [`${labels}, steps`, ({ race }) => String(race[at].step)],
      [`${labels}, train accuracy`, ({ race }) => share(race[at].trainAccuracy)],
      [`${labels}, test accuracy`, ({ race }) => share(race[at].testAccuracy)],
    ]),
    ["lesson 1", ({ lesson }) => lesson.map(share).join(", ")],
    ...[["until one can train", "open"], ["race", "race"], ["lesson 1, training", "lesson"]].map(([words, key]) => [words, ({ seconds }) => `${seconds[key].toFixed(1)} s`]),
  ];
  const columns = [rows.map(([words]) => words), ...walks.map((found) => rows.map(([, cell]) => cell(found)))];
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  return rows.map((_, row) => columns.map((column, at) => (at === 0 ? column[row].padEnd(widths[at]) : column[row].padStart(widths[at]))).join("  ")).join("\n");
}

const button = (testid) => `button[data-testid="${testid}"]`;
const enabled = (testid) => `${button(testid)}:not(:disabled)`;

// Runs a function in the page; arguments and answer are plain data.
async function inPage(driver, run, ...words) {
  return JSON.parse(await driver.evaluate(`Promise.resolve((${run})(...${JSON.stringify(words)})).then((found) => JSON.stringify(found ?? null))`));
}

// Waits in the page, so that no question from here disturbs it while it trains; a run that has failed ends the wait.
async function appears(driver, selector) {
  const waiting = (selector, patience) =>
    new Promise((resolve) => {
      const end = (found) => {
        observer.disconnect();
        clearTimeout(timer);
        resolve(found);
      };
      const look = () => {
        if (document.querySelector(selector)) end(true);
        else if (document.querySelector('[data-state="failed"]')) end(false);
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, attributes: true });
      const timer = setTimeout(() => end(false), patience);
      look();
    });
  const start = performance.now();
  if (await inPage(driver, waiting, selector, PATIENCE_MS)) return;
  const seconds = Math.round((performance.now() - start) / 1000);
  const said = await inPage(driver, () => [...document.querySelectorAll('[role="alert"], [role="status"], [data-testid="status"]')].map((each) => each.innerText));
  assert.fail(`${driver.browser} has shown no ${selector} after ${seconds} s; the page says ${JSON.stringify(said)}, its console ${JSON.stringify(await driver.errors())}`);
}

async function reach(driver, state) {
  for (const lane of LANES) await appears(driver, `[data-testid="lane-${lane}"][data-state="${state}"]`);
}

// The numbers of both lanes, in the order that they stand in.
function lanes(driver) {
  const read = (names) =>
    names.map((lane) => {
      const value = (name) => Number(document.querySelector(`[data-testid="lane-${lane}"] [data-testid="${name}"]`).dataset.value);
      return { step: value("step"), trainAccuracy: value("train-accuracy"), testAccuracy: value("test-accuracy"), loss: value("train-loss") };
    });
  return inPage(driver, read, LANES);
}

// Presses Pause when all lanes have taken a number of steps, from within the page: a busy machine takes long to hand a
// click over.
function pauseOnTheWay(driver) {
  const watch = (names, least) => {
    const steps = (name) => Number(document.querySelector(`[data-testid="lane-${name}"] [data-testid="step"]`)?.dataset.value);
    new MutationObserver((_, observer) => {
      const pause = document.querySelector('button[data-testid="pause"]');
      if (!pause || pause.disabled || !names.every((name) => steps(name) >= least)) return;
      observer.disconnect();
      pause.click();
    }).observe(document, { subtree: true, childList: true, attributes: true });
  };
  return inPage(driver, watch, LANES, PAUSE_AFTER);
}

// Moves every slider of the lesson by a key; gives how many there are.
async function predict(driver) {
  await appears(driver, "#guess-0");
  const guesses = await inPage(driver, () => document.querySelectorAll('[data-testid="guess"]').length);
  for (let at = 0; at < guesses; at++) await driver.key(`#guess-${at}`, "ArrowRight");
  await appears(driver, enabled("predict"));
  return guesses;
}
