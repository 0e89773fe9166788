// jax-js: the whole training step under one jit.

import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import lock from "./package.json" with { type: "json" };
import { CLASSES, EPSILON, LEARNING_RATE, LRN, makeBatch, makeModel, MOMENTUM } from "./work.mjs";

// An array is freed by its last use: `.ref` wherever it is used again.

/** Where the windows of `size` and `stride` begin and end beyond the picture, as TensorFlow pads for 'SAME'. */
function samePadding(side, size, stride) {
  const total = Math.max((Math.ceil(side / stride) - 1) * stride + size - side, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** Every place of a window over `x`, shifted beside each other: [batch, channels, out, out] for each. */
function windows(x, size, stride, padding) {
  const [batch, channels, side] = x.shape;
  const [before, after] = padding === "SAME" ? samePadding(side, size, stride) : [0, 0];
  const out = Math.floor((side + before + after - size) / stride) + 1;
  // A stride is a reshape and the first of each group, so the last group must be whole.
  const edge = [before, after + stride - 1];
  x = np.pad(x, [[0, 0], [0, 0], edge, edge]);
  const shifted = [];
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const part = x.ref.slice([], [], [i, i + out * stride], [j, j + out * stride]);
      const grouped = part.reshape([batch, channels, out, stride, out, stride]);
      shifted.push(stride > 1 ? grouped.slice([], [], [], 0, [], 0) : grouped.reshape([batch, channels, out, out]));
    }
  }
  x.dispose();
  return shifted;
}

// `lax.convGeneralDilated` and `lax.reduceWindow` over windows that overlap take ten to a hundred times as long in
// 0.1.25: their gradients are gathered point by point. Shifted copies and a product are its fast paths.

function conv(x, weight, stride) {
  const [outputs, inputs, size] = weight.shape;
  if (size > 1) {
    const shifted = windows(x, size, stride, "SAME");
    const [batch, , out] = shifted[0].shape;
    x = np.stack(shifted, 2).reshape([batch, inputs * size * size, out, out]);
  }
  const [batch, , side] = x.shape;
  const rows = np.transpose(x, [0, 2, 3, 1]).reshape([batch * side * side, -1]);
  const product = np.dot(rows, np.transpose(weight.reshape([outputs, -1])));
  return np.transpose(product.reshape([batch, side, side, outputs]), [0, 3, 1, 2]);
}

function maxPool(x, { size, stride, padding }) {
  if (size === stride) return lax.reduceWindow(x, np.max, [size, size], [stride, stride]);
  // Inputs come out of a ReLU, so zeros at the edge are as good as -infinity.
  return windows(x, size, stride, padding).reduce((a, b) => np.maximum(a, b));
}

function localResponseNorm(x) {
  const channels = x.shape[1];
  const reach = (LRN.window - 1) / 2;
  const squares = np.pad(np.square(x.ref), [[0, 0], [reach, reach], [0, 0], [0, 0]]);
  const shifted = Array.from({ length: LRN.window }, (_, i) => squares.ref.slice([], [i, i + channels]));
  squares.dispose();
  const root = np.sqrt(shifted.reduce((a, b) => a.add(b)).mul(LRN.alpha).add(LRN.bias));
  return x.div(root.ref.mul(np.sqrt(root)));
}

function forward(layers, take, x) {
  for (const layer of layers) {
    switch (layer.kind) {
      case "dense":
        x = np.dot(x, take()).add(take());
        break;
      case "conv":
        x = conv(x, take(), layer.stride);
        if (layer.bias) x = x.add(take().reshape([-1, 1, 1]));
        break;
      case "batchNorm":
        x = nn.standardize(x, [0, 2, 3], { epsilon: EPSILON }).add(take().reshape([-1, 1, 1]));
        break;
      case "relu":
        x = nn.relu(x);
        break;
      case "maxPool":
        x = maxPool(x, layer);
        break;
      case "lrn":
        x = localResponseNorm(x);
        break;
      case "flatten":
        x = x.reshape([x.shape[0], -1]);
        break;
      case "meanPool":
        x = np.mean(x, [2, 3]);
        break;
      case "branches":
        x = np.concatenate(layer.branches.map((branch, i) => forward(branch, take, i + 1 < layer.branches.length ? x.ref : x)), 1);
        break;
    }
  }
  return x;
}

export async function prepare({ model, batch, backend, seed = 0 }) {
  const found = await init(backend);
  if (!found.includes(backend)) throw new Error(`jax-js finds ${found}, not ${backend}`);
  defaultDevice(backend);

  const { layers, parameters } = makeModel(model, seed);
  const work = makeBatch(batch, seed);
  const inputs = np.array(work.inputs).reshape(work.shape);
  const labels = np.array(work.labels);
  let params = parameters.map(({ values, shape }) => np.array(values).reshape(shape));
  let velocities = parameters.map(({ shape }) => np.zeros(shape));

  const loss = (params, inputs, labels) => {
    let index = 0;
    const logits = forward(layers, () => params[index++], inputs);
    return nn.logSoftmax(logits).mul(nn.oneHot(labels, CLASSES)).sum().mul(-1 / batch);
  };
  const step = jit((params, velocities, inputs, labels) => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(params), inputs, labels);
    const newVelocities = tree.map((velocity, gradient) => velocity.mul(MOMENTUM).add(gradient), velocities, gradients);
    const newParams = tree.map((p, velocity) => p.sub(velocity.mul(LEARNING_RATE)), params, tree.ref(newVelocities));
    return [value, newParams, newVelocities];
  });

  const run = async (steps, readEvery = 10) => {
    const losses = [];
    const start = performance.now();
    for (let index = 0; index < steps; index++) {
      let value;
      [value, params, velocities] = step(params, velocities, inputs.ref, labels.ref);
      if (index % readEvery === 0 || index === steps - 1) losses.push((await value.data())[0]);
      else value.dispose();
    }
    await blockUntilReady(params);
    return { losses, milliseconds: performance.now() - start };
  };
  // 0.1.25 makes SIMD code always, and takes one thread a core where memory can be shared.
  const threads = backend === "wasm" && globalThis.crossOriginIsolated;
  return Object.assign(run, { about: { version: lock.dependencies["@jax-js/jax"], simd: backend === "wasm", threads } });
}
