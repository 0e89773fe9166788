// A page object: what a person does and sees, without the selectors. Tests read from here and nowhere else.
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";

const ADDRESS = process.env.ROTE_URL ?? "http://localhost:8080/";
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

// WebGPU on the CPU, by SwiftShader, so that the WebGPU engine can be tested without a GPU.
const SOFTWARE_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
const QUIET = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// Training takes as long as it takes on a slow machine; past this it hangs.
export const PATIENCE_MS = 240_000;

export async function launch({ webgpu = true } = {}) {
  const args = [...QUIET, ...(webgpu ? SOFTWARE_WEBGPU : ["--disable-features=WebGPU", "--disable-webgpu"])];
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args });
}

export class RotePage {
  constructor(page, address = ADDRESS) {
    this.page = page;
    this.address = address;
    this.consoleErrors = [];
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("console", (message) => message.type() === "error" && this.consoleErrors.push(message.text()));
    page.on("pageerror", (error) => this.consoleErrors.push(String(error)));
  }

  // Service workers are off unless a context of the test's own allows them: they answer before the tests' routes do.
  // Another address than the tests' own stands in `address`.
  static async open(browser, settings = "", { context, address, ...options } = {}) {
    const page = await (context ?? (await browser.newContext({ serviceWorkers: "block", ...options }))).newPage();
    const opened = new RotePage(page, address);
    await opened.go(settings);
    return opened;
  }

  async go(settings) {
    await this.page.goto(`${this.address}${settings ? `?${settings}` : ""}`);
    await this.page.locator("main h2").first().waitFor();
  }

  // Waits until the browser has kept the page for the next visit.
  async isKept() {
    await this.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
  }

  testid(name) {
    return this.page.getByTestId(name);
  }

  // By element, because the lanes count their steps under the name of the Step button.
  press(button) {
    return this.page.locator(`button[data-testid="${button}"]`).click();
  }

  lane(name) {
    return this.testid(`lane-${name}`);
  }

  async reaches(lane, ...states) {
    const wanted = states.map((state) => `[data-testid="lane-${lane}"][data-state="${state}"]`).join(", ");
    await this.page.locator(wanted).waitFor();
  }

  async number(lane, name) {
    const text = await this.lane(lane).getByTestId(name).getAttribute("data-value");
    return text === "" || text === null ? Number.NaN : Number(text);
  }

  // Waits until the lane has taken at least so many steps.
  async steps(lane, count) {
    await this.page.waitForFunction(
      ([lane, count]) => Number(document.querySelector(`[data-testid="lane-${lane}"] [data-testid="step"]`)?.dataset.value) >= count,
      [lane, count],
    );
  }

  // Presses Pause as soon as the page shows that many steps. In the page and not from here, so that it does not matter how
  // long a busy machine takes to hand a click over. To be called before the run begins; the lane need not stand there yet.
  pauseAfter(lane, count) {
    return this.page.evaluate(
      ([lane, count]) => {
        new MutationObserver((_, observer) => {
          const pause = document.querySelector('button[data-testid="pause"]');
          const steps = document.querySelector(`[data-testid="lane-${lane}"] [data-testid="step"]`);
          if (!pause || pause.disabled || !(Number(steps?.dataset.value) >= count)) return;
          observer.disconnect();
          pause.click();
        }).observe(document, { subtree: true, childList: true, attributes: true });
      },
      [lane, count],
    );
  }

  // The losses of every step, in order of steps.
  losses(index = 0) {
    return this.page.evaluate((index) => {
      const bySteps = new Map();
      for (const event of window.roteEvents?.[index] ?? []) if (event.event === "step") bySteps.set(event.step, event.loss);
      return [...bySteps].sort(([a], [b]) => a - b).map(([, loss]) => loss);
    }, index);
  }

  messages() {
    return this.testid("messages").innerText();
  }

  async says(text) {
    await this.testid("messages").getByText(text).first().waitFor();
  }
}

// The losses of the same settings by the native program, if the tests were told where it is.
export function nativeLosses(settings, device = "cpu") {
  const rote = process.env.ROTE_BIN;
  if (!rote) throw new Error("ROTE_BIN does not say where the native `rote` is; run the tests with `cargo xtask test`");
  const flags = [...new URLSearchParams(settings)].filter(([key]) => key !== "engine" && key !== "race").map(([key, value]) => `--${key}=${value}`);
  const lines = execFileSync(rote, ["train", "--device", device, "--events", "jsonl", ...flags], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return lines.trim().split("\n").map((line) => JSON.parse(line)).filter((event) => event.event === "step").map((event) => event.loss);
}

export function maxRelativeDifference(found, expected) {
  return Math.max(...expected.map((value, step) => Math.abs(found[step] - value) / Math.abs(value)));
}
