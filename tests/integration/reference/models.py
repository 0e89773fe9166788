"""PyTorch's logits and gradients of every model, for the test `models.rs`.

    python models.py > models.json        (PyTorch 2, CPU, float64 so that only our rounding is measured)

Parameters, inputs and labels come from one integer hash, the same in the test: `values(count, salt, scale)`. A gradient has
up to a million numbers; what is kept of it is its norm and its products with a few hashed vectors. A gradient that is
zero, scaled or in another order has others.
"""
import json

import numpy as np
import torch
import torch.nn.functional as F

BATCH = 4
PROJECTIONS = 4
# The hash's salt for the images. Of thirty it is the one with which moving every parameter by two millionths, more than a
# rounding, changes the gradients least: no activation that matters is as good as at the bend of its ReLU.
IMAGES = 3025


def values(count, salt, scale):
    """`count` numbers in (-scale, scale)."""
    x = (np.arange(count, dtype=np.uint64) * 2654435761 + (salt + 1) * 97531) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> 13
    return ((x.astype(np.float64) / 2**32) * 2 - 1) * scale


class Builder:
    """Takes parameters in the order of the forward pass; each is filled when it is first met."""

    def __init__(self):
        self.leaves = []
        self.statistics = []

    def take(self, name, shape, fan_in):
        salt = len(self.leaves)
        scale = (3.0 / fan_in) ** 0.5 if fan_in else 0.1
        filled = values(int(np.prod(shape)), salt, scale).astype(np.float32).astype(np.float64)
        leaf = torch.tensor(filled.reshape(shape), requires_grad=True)
        self.leaves.append((name, leaf))
        return leaf

    def conv(self, name, x, outputs, kernel, stride=1, bias=False):
        weight = self.take(f"{name}.weight", (outputs, x.shape[1], kernel, kernel), x.shape[1] * kernel * kernel)
        bias = self.take(f"{name}.bias", (outputs,), 0) if bias else None
        return F.conv2d(same_pad(x, kernel, stride, 0.0), weight, bias, stride)

    def norm(self, name, x):
        beta = self.take(f"{name}.beta", (x.shape[1],), 0)
        # PyTorch's start and momentum; they see this one batch.
        running = [torch.zeros(x.shape[1], dtype=x.dtype), torch.ones(x.shape[1], dtype=x.dtype)]
        self.statistics.append(running)
        return F.batch_norm(x, *running, None, beta, True, 0.1, 0.001)

    def module(self, name, x, outputs, kernel, stride=1, norm=True):
        x = self.conv(name, x, outputs, kernel, stride, not norm)
        return F.relu(self.norm(name, x) if norm else x)

    def dense(self, name, x, outputs):
        weight = self.take(f"{name}.weight", (x.shape[1], outputs), x.shape[1])
        bias = self.take(f"{name}.bias", (outputs,), 0)
        return x @ weight + bias


class Evaluator(Builder):
    """The same network by the parameters and running statistics of a builder."""

    def __init__(self, builder):
        self.left = iter(builder.leaves)
        self.running = iter(builder.statistics)

    def take(self, name, shape, fan_in):
        known, leaf = next(self.left)
        assert known == name and leaf.shape == shape
        return leaf

    def norm(self, name, x):
        beta = self.take(f"{name}.beta", (x.shape[1],), 0)
        mean, variance = next(self.running)
        return F.batch_norm(x, mean, variance, None, beta, False, 0.0, 0.001)


def same_pad(x, size, stride, fill):
    total = max((-(-x.shape[2] // stride) - 1) * stride + size - x.shape[2], 0)
    before, after = total // 2, total - total // 2
    return F.pad(x, (before, after, before, after), value=fill)


def same_pool(x):
    return F.max_pool2d(same_pad(x, 3, 2, float("-inf")), 3, 2)


def mlp(hidden):
    def forward(b, x):
        x = x.flatten(1)
        for number in range(1, hidden + 1):
            x = F.relu(b.dense(f"hidden{number}", x, 512))
        return b.dense("logits", x, 10)

    return forward


def cnn(b, x):
    for number, outputs in enumerate((32, 64, 64), 1):
        x = F.max_pool2d(b.module(f"conv{number}", x, outputs, 3), 2)
    return b.dense("logits", x.flatten(1), 10)


def alexnet(b, x):
    for number in (1, 2):
        x = F.relu(b.conv(f"conv{number}", x, 64, 5, bias=True))
        # PyTorch divides alpha by the window, so 0.001 here is TensorFlow's 0.001 / 9.
        x = F.local_response_norm(same_pool(x), 9, alpha=0.001, beta=0.75, k=1.0)
    x = F.relu(b.dense("dense1", x.flatten(1), 384))
    x = F.relu(b.dense("dense2", x, 192))
    return b.dense("logits", x, 10)


def inception(norm):
    def forward(b, x):
        x = b.module("conv1", x, 96, 3, norm=norm)
        modules = [(32, 32), (32, 48), (0, 80), (112, 48), (96, 64), (80, 80), (48, 96), (0, 96), (176, 160), (176, 160)]
        for number, (ones, threes) in enumerate(modules, 1):
            name = f"inception{number}"
            if ones == 0:
                x = torch.cat([b.module(f"{name}.conv3x3", x, threes, 3, 2, norm), same_pool(x)], 1)
            else:
                one = b.module(f"{name}.conv1x1", x, ones, 1, 1, norm)
                x = torch.cat([one, b.module(f"{name}.conv3x3", x, threes, 3, 1, norm)], 1)
        return b.dense("logits", x.mean((2, 3)), 10)

    return forward


inputs = torch.tensor(values(BATCH * 3 * 28 * 28, IMAGES, 3**0.5).astype(np.float32).astype(np.float64)).reshape(BATCH, 3, 28, 28)
labels = torch.tensor([3, 1, 4, 1])
models = {
    "mlp-1x512": (mlp(1), True),
    "mlp-3x512": (mlp(3), True),
    "cnn-small": (cnn, True),
    "alexnet-small": (alexnet, True),
    "inception-small": (inception(True), True),
    "inception-small without batch norm": (inception(False), False),
}


def summary(tensor, number):
    """The norm of a tensor, and its products with hashed vectors of which each number is about 1."""
    flat = tensor.detach().flatten()
    salts = [2000 + PROJECTIONS * number + projection for projection in range(PROJECTIONS)]
    vectors = [torch.tensor(values(len(flat), salt, 3**0.5).astype(np.float32).astype(np.float64)) for salt in salts]
    return {"norm": flat.norm().item(), "projections": [(flat @ vector).item() for vector in vectors]}


result = []
for name, (forward, batch_norm) in models.items():
    builder = Builder()
    loss = F.cross_entropy(forward(builder, inputs), labels)
    loss.backward()
    logits = forward(Evaluator(builder), inputs).flatten().tolist()
    gradients = [{"name": leaf_name, **summary(leaf.grad, number)} for number, (leaf_name, leaf) in enumerate(builder.leaves)]
    result.append({"model": name.split()[0], "batch_norm": batch_norm, "loss": loss.item(), "logits": logits, "gradients": gradients})
text = json.dumps(result, indent=0).replace("\n", "")
print(text.replace('{"model"', '\n{"model"').replace('{"name"', '\n{"name"'))
