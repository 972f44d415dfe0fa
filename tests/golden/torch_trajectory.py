"""Ten training steps of the preset `tiny` on PyTorch: what every executor must follow.

`python3 torch_trajectory.py > torch_trajectory.json && deno fmt torch_trajectory.json` (Debian's python3-torch 1.13.1). Written from the
method's formulas in PyTorch's own operations, without a look into graphs or kernels. Parameters and batches come from a
generator of whole numbers that torch_trajectory_slow_test.ts has, too, so that no file holds them. The file keeps a float64
trajectory, which is the measure, and a float32 one of the same script: how far PyTorch itself strays in single precision
is what the tests allow others.

AdamW's epsilon is larger than by default: with 1e-8 a gradient that is nothing but rounding moves its parameter by the
whole learning rate, and trajectories part for no fault of anyone.
"""

import json
import math

import torch
from torch.nn import functional as F

STEPS, WINDOWS, FRAMES, SIDE = 10, 6, 4, 32
WIDTHS, HIDDEN, EMBEDDING, HEAD, ORDERS = [16, 32, 64, 128, 192], 128, 64, 128, 12
MOMENTUM, MINIMUM_TEMPERATURE, CLIP_NORM, EPSILON = 0.9, 0.01, 33, 1e-5
OPTIMIZERS = {"adamw": {"learningRate": 1e-3, "weightDecay": 0.01}, "sgd": {"learningRate": 1e-4, "weightDecay": 0.05}}


def uniforms(name, count):
    """Numbers in [0, 1): the upper 24 bits of the states of a congruential generator, begun with a hash (FNV-1a) of the name."""
    state = 2166136261
    for byte in name.encode():
        state = (state ^ byte) * 16777619 % 2**32
    out = []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        out.append((state >> 8) / 2**24)
    return torch.tensor(out, dtype=torch.float64)


def drawn(name, shape, centre, spread):
    """Uniform in centre ± spread, rounded to float32."""
    return (centre + spread * (2 * uniforms(name, math.prod(shape)) - 1)).float().reshape(shape)


def first_parameters():
    """Every trained parameter by name: filters [KH, KW, C, K], matrices [I, O]."""
    parameters = {}

    def matrix(name, shape, fan_in):
        parameters[name] = drawn(name, shape, 0, math.sqrt(6 / fan_in))

    def perceptron(name, entering, hidden, leaving):
        for part, rows, columns in (("hidden", entering, hidden), ("out", hidden, leaving)):
            matrix(f"{name}.{part}.weight", [rows, columns], rows)
            parameters[f"{name}.{part}.bias"] = drawn(f"{name}.{part}.bias", [columns], 0, 0.1)

    for modality in ("video", "speech"):
        channels = 1
        for i, width in enumerate(WIDTHS):
            block = f"{modality}.stage{i + 1}.0"
            matrix(f"{block}.conv1.weight", [3, 3, channels, width], 9 * channels)
            parameters[f"{block}.norm1.gamma"] = drawn(f"{block}.norm1.gamma", [width], 1, 0.2)
            parameters[f"{block}.norm1.beta"] = drawn(f"{block}.norm1.beta", [width], 0, 0.1)
            channels = width
        perceptron(f"{modality}Projection", channels, HIDDEN, EMBEDDING)
    perceptron("correlation", 2 * channels, HEAD, 2)
    perceptron("order", FRAMES * channels, HEAD, ORDERS)
    parameters["temperature.log"] = torch.tensor(-2.25)
    return parameters


def batch_of(step):
    """The inputs of a step, by name."""

    def noise(name, count):
        return drawn(f"{name} {step}", [count, SIDE, SIDE, 1], 0, 1.5)

    def share(name, shape):
        return uniforms(f"{name} {step}", math.prod(shape)).reshape(shape)

    order = (share("orderOneHot", [WINDOWS]) * ORDERS).long()
    return {
        "frames": noise("frames", WINDOWS * FRAMES),
        "speech": noise("speech", WINDOWS),
        "negativeSpeech": noise("negativeSpeech", WINDOWS),
        "pairWeights": share("pairWeights", [WINDOWS]).float(),
        "orderWeights": share("orderWeights", [WINDOWS]).float(),
        "negativeMask": (share("negativeMask", [WINDOWS, WINDOWS]) < 0.8).float(),
        "hardNegativeMask": (share("hardNegativeMask", [WINDOWS]) < 0.7).float(),
        "orderOneHot": F.one_hot(order, ORDERS).float(),
    }


class Network:
    """The dual encoder and its losses over given parameters."""

    def __init__(self, dtype):
        self.parameters = {name: value.to(dtype).requires_grad_() for name, value in first_parameters().items()}
        self.moments = {}
        self.dtype = dtype

    def features(self, modality, pictures):
        x = pictures.permute(0, 3, 1, 2)
        for i in range(len(WIDTHS)):
            block = f"{modality}.stage{i + 1}.0"
            x = F.conv2d(x, self.parameters[f"{block}.conv1.weight"].permute(3, 2, 0, 1), stride=2, padding=1)
            self.move_moments(f"{block}.norm1.moments", x.detach())
            gamma, beta = self.parameters[f"{block}.norm1.gamma"], self.parameters[f"{block}.norm1.beta"]
            x = F.relu(F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5))
        return x.mean((2, 3))

    def move_moments(self, name, x):
        """The variance is the biased one, as TensorFlow keeps it."""
        variance, mean = torch.var_mean(x, (0, 2, 3), unbiased=False)
        before = self.moments.get(name, torch.stack([torch.zeros_like(mean), torch.ones_like(mean)]))
        self.moments[name] = MOMENTUM * before + (1 - MOMENTUM) * torch.stack([mean, variance])

    def perceptron(self, name, x):
        layer = {part: self.parameters[f"{name}.{part}"]
                 for part in ("hidden.weight", "hidden.bias", "out.weight", "out.bias")}
        return F.relu(x @ layer["hidden.weight"] + layer["hidden.bias"]) @ layer["out.weight"] + layer["out.bias"]

    def losses(self, batch):
        """Correlation and contrast [N] of pairs, frame order [B] of windows."""
        video = self.features("video", batch["frames"])
        both = self.features("speech", torch.cat([batch["speech"], batch["negativeSpeech"]]))
        speech, negative = both[:WINDOWS], both[WINDOWS:]
        shown = video.reshape(WINDOWS, FRAMES, -1)
        first = shown[:, 0]
        ones = torch.ones(WINDOWS, dtype=torch.long)
        cross_entropy = F.cross_entropy
        correlation = (
            cross_entropy(self.perceptron("correlation", torch.cat([first, speech], 1)), ones, reduction="none")
            + cross_entropy(self.perceptron("correlation", torch.cat([first, negative], 1)), 0 * ones, reduction="none")
        ) / 2
        order = cross_entropy(self.perceptron("order", shown.flatten(1)), batch["orderOneHot"], reduction="none")
        return correlation, self.contrast(first, speech, negative, batch), order

    def contrast(self, first, speech, negative, batch):
        """InfoNCE both ways; a frame's hard negative joins the speech it is compared with."""
        v, s, n = (self.embedding(name, x) for name, x in (("video", first), ("speech", speech), ("speech", negative)))
        scores = v @ s.T / self.temperature()
        hard = (v * n).sum(1, keepdim=True) / self.temperature()
        allowed = torch.eye(WINDOWS, dtype=torch.bool) | (batch["negativeMask"] > 0)

        def masked(x, mask):
            return x.masked_fill(~mask, -math.inf)

        rows = torch.cat([masked(scores, allowed), masked(hard, batch["hardNegativeMask"][:, None] > 0)], 1)
        columns = masked(scores.T, allowed)
        return (rows.logsumexp(1) + columns.logsumexp(1)) / 2 - scores.diagonal()

    def embedding(self, modality, features):
        y = self.perceptron(f"{modality}Projection", features)
        return y / torch.sqrt((y * y).sum(1, keepdim=True) + 1e-8)

    def temperature(self):
        return self.parameters["temperature.log"].exp().clamp(min=MINIMUM_TEMPERATURE)


def optimizer_of(kind, parameters):
    """Decay falls on all that is trained with sgd, on weights alone with adamw (`decayBiasAndNorm`)."""
    rate, decay = OPTIMIZERS[kind]["learningRate"], OPTIMIZERS[kind]["weightDecay"]
    if kind == "sgd":
        return torch.optim.SGD(parameters.values(), lr=rate, momentum=0.9, weight_decay=decay)
    weights = [value for name, value in parameters.items() if name.endswith("weight")]
    others = [value for name, value in parameters.items() if not name.endswith("weight")]
    groups = [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.999), eps=EPSILON)


def weighted(weights, loss):
    return (weights * loss).sum() / weights.sum()


def trajectory(kind, dtype):
    """Numbers of each step before its update, and of all parameters after the last one."""
    network = Network(dtype)
    optimizer = optimizer_of(kind, network.parameters)
    steps = []
    for step in range(STEPS):
        batch = {name: value.to(dtype) for name, value in batch_of(step).items()}
        optimizer.zero_grad()
        correlation, contrast, order = network.losses(batch)
        objective = weighted(batch["pairWeights"], correlation) + weighted(batch["pairWeights"], contrast) \
            + weighted(batch["orderWeights"], order)
        objective.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters.values(), CLIP_NORM)
        steps.append({
            "objective": objective.item(),
            "gradientNorm": norm.item(),
            "temperature": network.temperature().item(),
            "lossCorrelation": correlation.sum().item(),
            "lossContrastive": contrast.sum().item(),
            "lossOrder": order.sum().item(),
        })
        optimizer.step()
    return {"steps": steps, "parameters": summary({**network.parameters, **network.moments})}


def summary(parameters):
    """By name: the L2 norm, and the product with numbers of the generator, which tells elements apart."""
    out = {}
    for name, value in parameters.items():
        flat = value.detach().double().flatten()
        weights = 2 * uniforms(f"checksum {name}", len(flat)) - 1
        out[name] = [flat.norm().item(), (flat @ weights).item()]
    return out


def main():
    runs = {f"{kind}.{name}": trajectory(kind, dtype)
            for kind in OPTIMIZERS for name, dtype in (("float64", torch.float64), ("float32", torch.float32))}
    settings = {"torch": torch.__version__, "clipNorm": CLIP_NORM, "epsilon": EPSILON, "optimizers": OPTIMIZERS}
    print(json.dumps({**settings, **runs}, indent=1))


main()
