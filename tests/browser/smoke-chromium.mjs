// Chromium for the smoke walk: the one of all other browser tests.
import { launch } from "./rote-page.mjs";

export const name = "Chromium";

// What is not installed, in words.
export const missing = () => null;

export async function start() {
  const browser = await launch({ webgpu: false });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  // The walk waits in the page, and says itself for how long.
  page.setDefaultTimeout(0);
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  return {
    browser: `${name} ${browser.version()}`,
    open: (address) => page.goto(address),
    reload: () => page.reload(),
    click: (selector) => page.click(selector),
    key: (selector, key) => page.press(selector, key),
    evaluate: (text) => page.evaluate(text),
    errors: () => errors,
    close: () => browser.close(),
  };
}
