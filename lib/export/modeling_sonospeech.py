"""Sonospeech's video and speech encoders in PyTorch.

    model = SonospeechModel.from_pretrained("FOLDER")  # config.json, model.safetensors
    features = model.video_features(prepare_frames(levels))

Needs PyTorch and nothing else. "python3 modeling_sonospeech.py [FOLDER]" compares the model with the results that the
program it was trained by put into parity.safetensors.
"""

import json
import math
import os
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "I64": torch.int64,
          "I32": torch.int32, "I16": torch.int16, "U8": torch.uint8}


def load_safetensors(path):
    """Tensors by name. The format: https://huggingface.co/docs/safetensors"""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(data[begin:end], dtype=DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def convolution(entering, leaving, kernel, stride=1, dilation=1, groups=1):
    """A convolution without bias that keeps the size at stride 1."""
    padding = dilation * (kernel - 1) // 2
    return nn.Conv2d(entering, leaving, kernel, stride, padding, dilation, groups, bias=False)


class Perceptron(nn.Module):
    """Linear, ReLU, linear."""

    def __init__(self, entering, hidden, leaving):
        super().__init__()
        self.hidden = nn.Linear(entering, hidden)
        self.out = nn.Linear(hidden, leaving)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x)))


class Block(nn.Module):
    """One block of an encoder's stage: a convolution, a basic or a squeeze-excited bottleneck residual block."""

    def __init__(self, entering, stage, stride, norm):
        super().__init__()
        self.kind = stage["block"]
        width, leaving, dilation = stage["width"], stage["out_width"], stage["dilation"]
        if self.kind == "convolution":
            self.conv1, self.norm1 = convolution(entering, leaving, 3, stride), norm(leaving)
            return
        if self.kind == "basic":
            self.conv1, self.norm1 = convolution(entering, width, 3, stride, dilation), norm(width)
            self.conv2, self.norm2 = convolution(width, leaving, 3, 1, dilation), norm(leaving)
        else:
            self.conv1, self.norm1 = convolution(entering, width, 1), norm(width)
            groups = stage["cardinality"]
            self.conv2, self.norm2 = convolution(width, width, 3, stride, dilation, groups), norm(width)
            self.conv3, self.norm3 = convolution(width, leaving, 1), norm(leaving)
            self.squeeze = nn.Linear(leaving, stage["squeeze_hidden"])
            self.excite = nn.Linear(stage["squeeze_hidden"], leaving)
        self.projects = stride != 1 or entering != leaving
        if self.projects:
            self.conv_shortcut, self.norm_shortcut = convolution(entering, leaving, 1, stride), norm(leaving)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        if self.kind == "convolution":
            return y
        if self.kind == "basic":
            y = self.norm2(self.conv2(y))
        else:
            y = self.norm3(self.conv3(F.relu(self.norm2(self.conv2(y)))))
            gate = torch.sigmoid(self.excite(F.relu(self.squeeze(y.mean((2, 3))))))
            y = y * gate[:, :, None, None]
        return F.relu(y + (self.norm_shortcut(self.conv_shortcut(x)) if self.projects else x))


class Stem(nn.Module):
    """A 7x7 convolution and max-pooling, each of stride 2."""

    def __init__(self, width, norm):
        super().__init__()
        self.conv1, self.norm1 = convolution(1, width, 7, 2), norm(width)

    def forward(self, x):
        return F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 3, 2, 1)


class Encoder(nn.Module):
    """Pictures [B, 1, H, W] to a map of features [B, E, H', W']."""

    def __init__(self, config):
        super().__init__()

        def norm(width):
            return nn.BatchNorm2d(width, eps=1e-5, momentum=1 - config["batch_norm_momentum"])

        width = 1
        if config["stem_width"] > 0:
            width = config["stem_width"]
            self.stem = Stem(width, norm)
        self.stage_count = len(config["stages"])
        for i, stage in enumerate(config["stages"]):
            blocks = []
            for k in range(stage["repeats"]):
                blocks.append(Block(width, stage, stage["stride"] if k == 0 else 1, norm))
                width = stage["out_width"]
            setattr(self, f"stage{i + 1}", nn.Sequential(*blocks))
        self.width = width

    def forward(self, x):
        if hasattr(self, "stem"):
            x = self.stem(x)
        for i in range(self.stage_count):
            x = getattr(self, f"stage{i + 1}")(x)
        return x


class SonospeechModel(nn.Module):
    """The dual encoder, as far as it was trained: config["parts"] names what is there."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        parts, hidden = config["parts"], config["head_hidden"]
        if "video_encoder" in parts:
            self.video_encoder = Encoder(config)
        if "speech_encoder" in parts:
            self.speech_encoder = Encoder(config)
        width = config["feature_width"]
        for name in ("video_projection", "speech_projection"):
            if name in parts:
                setattr(self, name, Perceptron(width, config["projection_hidden"], config["embedding_dim"]))
        if "correlation_head" in parts:
            self.correlation_head = Perceptron(2 * width, hidden, 2)
        if "order_head" in parts:
            self.order_head = Perceptron(4 * width, hidden, config["order_classes"])
        if config["has_temperature"]:
            self.log_temperature = nn.Parameter(torch.zeros(()))

    @classmethod
    def from_pretrained(cls, folder):
        """Reads config.json and model.safetensors; the model is in evaluation mode."""
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            model = cls(json.load(file))
        model.load_state_dict(load_safetensors(os.path.join(folder, "model.safetensors")))
        return model.eval()

    def video_features(self, frames):
        """[B, 1, H, W] to [B, E]."""
        return self.video_encoder(frames).mean((2, 3))

    def speech_features(self, speech):
        """[B, 1, M, F] to [B, E]."""
        return self.speech_encoder(speech).mean((2, 3))

    def video_embedding(self, frames):
        """[B, 1, H, W] to [B, D] of unit length."""
        return unit_length(self.video_projection(self.video_features(frames)))

    def speech_embedding(self, speech):
        """[B, 1, M, F] to [B, D] of unit length."""
        return unit_length(self.speech_projection(self.speech_features(speech)))

    def correlation_logits(self, frames, speech):
        """Does this speech belong to this frame? [B, 2]: no, yes."""
        return self.correlation_head(torch.cat([self.video_features(frames), self.speech_features(speech)], 1))

    def order_logits(self, frames):
        """In which of the orders are these four frames? [B, 4, 1, H, W] to [B, 12]."""
        count = frames.shape[0]
        return self.order_head(self.video_features(frames.flatten(0, 1)).reshape(count, -1))


def unit_length(x):
    """Rows divided by their length."""
    return x / torch.sqrt((x * x).sum(-1, keepdim=True) + 1e-8)


def resize_matrix(size, out_size):
    """[out_size, size]: area averaging where it shrinks, linear interpolation where it grows."""
    scale = size / out_size
    weights = torch.zeros(out_size, size, dtype=torch.float64)
    for i in range(out_size):
        if scale > 1:
            start, end = i * scale, min(size, (i + 1) * scale)
            for k in range(math.floor(start), min(size, math.ceil(end))):
                weights[i, k] = (min(end, k + 1) - max(start, k)) / (end - start)
        else:
            position = min(size - 1, max(0, (i + 0.5) * scale - 0.5))
            first = min(math.floor(position), max(0, size - 2))
            weights[i, first] = 1 - (position - first)
            if size > 1:
                weights[i, first + 1] += position - first
    return weights


def prepare_frames(levels, config):
    """Grey levels 0 to 255 of what lies inside the fan, [B, H, W], to the input of video_features."""
    rows, columns = config["frame_size"]
    levels = levels.double()
    if tuple(levels.shape[1:]) != (rows, columns):
        levels = resize_matrix(levels.shape[1], rows) @ levels @ resize_matrix(levels.shape[2], columns).T
    frames = 2 * (levels / 255).clamp(0, 1) - 1
    return frames[:, None].float()


def band_weights(settings):
    """[M, n_fft / 2 + 1]: how much of each bin goes into each band."""
    bands, n_fft, rate = settings["bands"], settings["n_fft"], settings["sample_rate"]
    bins = n_fft // 2
    weights = torch.zeros(bands, bins + 1, dtype=torch.float64)
    if settings["scale"] == "linear":
        for band in range(bands):
            first, end = band * bins // bands, (band + 1) * bins // bands
            weights[band, first + 1:end + 1] = 1 / (end - first)
        return weights
    top = 15 + 27 * math.log(rate / 2 / 1000) / math.log(6.4) if rate >= 2000 else 3 * rate / 2 / 200
    hertz = torch.arange(bins + 1, dtype=torch.float64) * rate / n_fft
    for band in range(bands):
        mels = [top * (band + i) / (bands + 1) for i in range(3)]
        left, centre, right = [m * 200 / 3 if m < 15 else 1000 * 6.4 ** ((m - 15) / 27) for m in mels]
        triangle = torch.minimum((hertz - left) / (centre - left), (right - hertz) / (right - centre)).clamp(min=0)
        if triangle.sum() > 0:
            weights[band] = triangle / triangle.sum()
        else:
            weights[band, max(1, math.floor(centre * n_fft / rate + 0.5))] = 1
    return weights


def log_spectrogram(samples, config):
    """Mono samples of full scale +-1 at config["speech"]["sample_rate"] to the log-spectrogram [columns, M]."""
    settings = config["speech"]
    length, hop, n_fft = settings["win_length"], settings["hop_length"], settings["n_fft"]
    window = torch.hann_window(length, periodic=True, dtype=torch.float64)
    window = window / torch.sqrt((window * window).sum())
    columns = math.ceil(len(samples) / hop)
    padded = F.pad(samples.double(), (length // 2, length + hop))
    blocks = padded.unfold(0, length, hop)[:columns] * window
    power = torch.fft.rfft(blocks, n_fft).abs() ** 2
    return (power @ band_weights(settings).T).clamp(min=1e-10).log()


def prepare_speech(columns, start_seconds, config):
    """The input of speech_features for the speech from start_seconds on, [1, 1, M, F].

    columns: the log-spectrogram of the whole recording, [columns, M]. Only its whole windows are heard; a sample that
    would reach over their edge is moved inside. Each band's mean is taken out: over all of them, or, where the model
    was trained on short scans, over mean_columns around the sample.
    """
    settings = config["speech"]
    heard, hop, window = settings["heard_columns"], settings["hop_seconds"], config["window_seconds"]
    tiled = math.floor((len(columns) * hop + 5e-3) / window) * window
    columns = columns[:math.floor(tiled / hop + 1e-6) or None].double()
    if len(columns) < heard:
        raise ValueError(f"the recording must have at least {heard} columns, received {len(columns)}")
    centre = start_seconds / hop + heard / 2
    sample = inside(columns, centre, heard)
    if heard != config["speech_size"][1]:
        sample = resize_matrix(heard, config["speech_size"][1]) @ sample
    around = settings["mean_columns"]
    sample = sample - (band_means(columns) if around is None else inside(columns, centre, around).mean(0))
    deviation = sample.std(unbiased=False)
    sample = (sample - sample.mean()) * (0 if deviation == 0 else 1 / deviation)
    return sample.T[None, None].float()


def inside(columns, centre, length):
    """So many columns around a centre, moved so that they lie inside the recording; all where it has fewer."""
    first = max(0, min(math.floor(centre - length / 2 + 0.5), len(columns) - length))
    return columns[first:first + length]


def band_means(columns):
    """Mean of each band over up to 40 stretches of 100 columns spread evenly over the recording."""
    length = min(100, len(columns))
    stretches = min(40, len(columns) // length)
    firsts = [k * (len(columns) - length) // max(1, stretches - 1) for k in range(stretches)]
    return torch.cat([columns[first:first + length] for first in firsts]).mean(0)


def check(folder):
    """Largest difference from parity.safetensors of every network, as a share of the largest value."""
    model = SonospeechModel.from_pretrained(folder)
    samples = load_safetensors(os.path.join(folder, "parity.safetensors"))
    networks = {"video_encoder": ("video_features", "frames"), "video_embedding": ("video_embedding", "frames"),
                "speech_encoder": ("speech_features", "speech"), "speech_embedding": ("speech_embedding", "speech")}
    errors = {}
    with torch.no_grad():
        for name, (method, given) in networks.items():
            if name in samples:
                found = getattr(model, method)(samples[given])
                errors[name] = float((found - samples[name]).abs().max() / samples[name].abs().max())
    return errors


if __name__ == "__main__":
    results = check(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
    print(json.dumps(results))
    sys.exit(0 if results and max(results.values()) <= 1e-4 else 1)
