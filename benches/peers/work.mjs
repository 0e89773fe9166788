// The work every participant does: the models layer by layer, their initial parameters, the batch. It follows
// app/src/models/registry.rs; torch.py has the same in Python.

export const LEARNING_RATE = 0.01;
export const MOMENTUM = 0.9;
export const EPSILON = 0.001;
/** Local response normalization: window, constant and scale as TensorFlow counts them (not divided by the window). */
export const LRN = { window: 9, bias: 1, alpha: 0.001 / 9, beta: 0.75 };
export const CLASSES = 10;
const CHANNELS = 3;
const SIDE = 28;
const COUNTS = {
  "mlp-1x512": 1_209_866,
  "mlp-3x512": 1_735_178,
  "cnn-small": 62_090,
  "alexnet-small": 1_387_786,
  "inception-small": 1_649_402,
};
export const MODELS = Object.keys(COUNTS);

/** `count` numbers in (-scale, scale), the same in every language; `seed` moves to another sequence. */
export function values(count, salt, scale, seed = 0) {
  const result = new Float32Array(count);
  const offset = (salt + 1) * 97531 + seed * 7919;
  for (let i = 0; i < count; i++) {
    let x = (Math.imul(i, 2654435761) + offset) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 2246822519);
    x ^= x >>> 13;
    result[i] = ((x >>> 0) / 2 ** 32 * 2 - 1) * scale;
  }
  return result;
}

/** Pictures [batch, 3, 28, 28] as one flat array, and their labels. */
export function makeBatch(batch, seed = 0) {
  const labels = Int32Array.from({ length: batch }, (_, i) => (i * 7) % CLASSES);
  return { shape: [batch, CHANNELS, SIDE, SIDE], inputs: values(batch * CHANNELS * SIDE * SIDE, 1000, Math.sqrt(3), seed), labels };
}

const dense = (inputs, outputs) => ({ kind: "dense", weight: [inputs, outputs], bias: [outputs] });
const conv = (inputs, outputs, size, stride, bias) => ({
  kind: "conv",
  stride,
  weight: [outputs, inputs, size, size],
  ...(bias && { bias: [outputs] }),
});
const relu = { kind: "relu" };
const flatten = { kind: "flatten" };
const samePool = { kind: "maxPool", size: 3, stride: 2, padding: "SAME" };
const normed = (inputs, outputs, size, stride = 1) => [
  conv(inputs, outputs, size, stride, false),
  { kind: "batchNorm", beta: [outputs] },
  relu,
];

function layersOf(model) {
  switch (model) {
    case "mlp-1x512":
      return [flatten, dense(2352, 512), relu, dense(512, CLASSES)];
    case "mlp-3x512":
      return [flatten, dense(2352, 512), relu, dense(512, 512), relu, dense(512, 512), relu, dense(512, CLASSES)];
    case "cnn-small": {
      const pool = { kind: "maxPool", size: 2, stride: 2, padding: "VALID" };
      const blocks = [[CHANNELS, 32], [32, 64], [64, 64]].flatMap(([inputs, outputs]) => [...normed(inputs, outputs, 3), pool]);
      return [...blocks, { ...flatten, from: [64, 3, 3] }, dense(576, CLASSES)];
    }
    case "alexnet-small": {
      const blocks = [CHANNELS, 64].flatMap((inputs) => [conv(inputs, 64, 5, 1, true), relu, samePool, { kind: "lrn" }]);
      return [...blocks, { ...flatten, from: [64, 7, 7] }, dense(3136, 384), relu, dense(384, 192), relu, dense(192, CLASSES)];
    }
    case "inception-small": {
      const layers = normed(CHANNELS, 96, 3);
      let inputs = 96;
      const modules = [[32, 32], [32, 48], [0, 80], [112, 48], [96, 64], [80, 80], [48, 96], [0, 96], [176, 160], [176, 160]];
      for (const [ones, threes] of modules) {
        const branches = ones
          ? [normed(inputs, ones, 1), normed(inputs, threes, 3)]
          : [normed(inputs, threes, 3, 2), [samePool]];
        layers.push({ kind: "branches", branches });
        inputs = (ones || inputs) + threes;
      }
      return [...layers, { kind: "meanPool" }, dense(inputs, CLASSES)];
    }
  }
  throw new Error(`no model ${model}`);
}

/**
 * The layers of a model, and its parameters in the order of the forward pass: `{kind, shape, values}`, convolutions
 * [out, in, height, width], dense layers [in, out] with `from: [channels, height, width]` where they follow a picture.
 */
export function makeModel(model, seed = 0) {
  const layers = layersOf(model);
  const parameters = [];
  const collect = (list) => {
    let from;
    for (const layer of list) {
      if (layer.kind === "branches") layer.branches.forEach(collect);
      if (layer.kind === "flatten") from = layer.from;
      for (const name of ["weight", "bias", "beta"]) {
        const shape = layer[name];
        if (!shape) continue;
        const count = shape.reduce((a, b) => a * b);
        const fanIn = layer.kind === "dense" ? shape[0] : count / shape[0];
        const scale = name === "weight" ? Math.sqrt(3 / fanIn) : 0.1;
        const kind = name === "weight" ? layer.kind : name;
        parameters.push({ kind, shape, from: kind === "dense" ? from : undefined, values: values(count, parameters.length, scale, seed) });
        if (kind === "dense") from = undefined;
      }
    }
  };
  collect(layers);
  const count = parameters.reduce((sum, parameter) => sum + parameter.values.length, 0);
  if (count !== COUNTS[model]) throw new Error(`${model} has ${count} parameters here, ${COUNTS[model]} in Rote`);
  return { layers, parameters };
}
