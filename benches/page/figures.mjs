// What the page does by the clock, on this machine and in this Chromium: figures for docs/performance.md, and no tests, since
// a clock measures the machine too. `cargo xtask bench page` builds and serves the page and runs this; ROTE_URL says where.
//
// Prints one JSON object: { browser, figures: [{ name, unit, values }] }, a value for each round.
import { launch, RotePage } from "../../tests/browser/rote-page.mjs";

const rounds = Number(process.argv[2] ?? 5);
const address = process.env.ROTE_URL ?? "http://localhost:8080/";
const TRAINING_SECONDS = 10;
const KEYS = 5;

const figures = [];
const note = (name, unit, value) => {
  const known = figures.find((figure) => figure.name === name);
  if (known) known.values.push(value);
  else figures.push({ name, unit, values: [value] });
};

// From the request to the first paint and to the button that trains. A new context, so nothing is cached; the engine is
// never answered, as on a slow line.
async function opening(browser) {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.route("**/engine*", () => {});
  const page = await context.newPage();
  await page.goto(address, { waitUntil: "commit" });
  await page.getByTestId("train").waitFor();
  const { painted, answers } = await page.evaluate(() => ({
    painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    answers: performance.now(),
  }));
  note("first paint", "ms", painted);
  note("the page can be used", "ms", answers);
  await context.close();
}

// The page as it opens: true against random labels, each until it counts as fitted.
async function defaultRace(browser) {
  const rote = await RotePage.open(browser);
  const began = performance.now();
  await rote.press("train");
  await Promise.all([rote.reaches("a", "finished"), rote.reaches("b", "finished")]);
  note("the race that the page opens with, both networks", "s", (performance.now() - began) / 1000);
  await rote.page.context().close();
}

// While a CNN trains and a person scrolls: tasks of the page, frames, and how long a key waits for its paint.
async function whileTraining(browser) {
  const rote = await RotePage.open(browser, "race=off&model=cnn-small&engine=cpu&images=500&batch-size=50&epochs=100000&label-corruption=0.5");
  await rote.press("train");
  await rote.steps("a", 5);
  const { longest, frame } = await rote.page.evaluate(async (seconds) => {
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
    const frames = [];
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) {
      const before = performance.now();
      window.scrollBy(0, Math.sin(before / 300) * 40);
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      frames.push(performance.now() - before);
    }
    frames.sort((a, b) => a - b);
    // Browsers report tasks of 50 ms and more; without one, the longest is that of a frame at most.
    return { longest: Math.max(0, ...tasks), frame: frames[Math.floor(frames.length * 0.95)] };
  }, TRAINING_SECONDS);
  note("while a CNN trains: longest task (0: none of 50 ms)", "ms", longest);
  note("while a CNN trains: 95 % of frames within", "ms", frame);
  await rote.testid("map-grid").focus();
  let slowest = 0;
  for (let key = 0; key < KEYS; key++) {
    await rote.page.evaluate(() => {
      window.keyPainted = new Promise((done) => addEventListener("keydown", () => {
        const began = performance.now();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
      }, { once: true, capture: true }));
    });
    await rote.page.keyboard.press("ArrowRight");
    slowest = Math.max(slowest, await rote.page.evaluate(() => window.keyPainted));
  }
  note(`while a CNN trains: slowest of ${KEYS} keys to its paint`, "ms", slowest);
  await rote.page.context().close();
}

const browser = await launch();
try {
  for (let round = 0; round < rounds; round++) {
    for (const measure of [opening, defaultRace, whileTraining]) await measure(browser);
  }
  console.log(JSON.stringify({ browser: browser.version(), figures }));
} finally {
  await browser.close();
}
