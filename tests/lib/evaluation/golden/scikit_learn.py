"""Writes scikit_learn.json: what scikit-learn makes of data that the tests draw again from the same generator.

    pip install scikit-learn==1.9.1 && python3 scikit_learn.py > scikit_learn.json
"""

import json

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier


def draws(seed):
    """Park and Miller's minimal standard generator (multiplier 48271), numbers in (0, 1)."""
    while True:
        seed = seed * 48271 % 2147483647
        yield seed / 2147483647


def ranking():
    draw = draws(7)
    scores = [round(next(draw) * 10) / 10 for _ in range(60)]
    labels = [next(draw) < 0.2 + 0.6 * score for score in scores]
    shares, means = calibration_curve(labels, scores, n_bins=4)
    return {
        "rocAuc": metrics.roc_auc_score(labels, scores),
        "averagePrecision": metrics.average_precision_score(labels, scores),
        "brierScore": metrics.brier_score_loss(labels, scores),
        "positiveShares": shares.tolist(),
        "meanProbabilities": means.tolist(),
    }


def classification():
    draw = draws(11)
    truth = [int(next(draw) * 14) for _ in range(120)]
    predicted = [label if next(draw) < 0.6 else int(next(draw) * 14) for label in truth]

    def macro(count):
        return metrics.precision_recall_fscore_support(
            truth, predicted, labels=range(count), average="macro", zero_division=0
        )[:3]

    return {
        "macro14": macro(14),
        "macro13": macro(13),
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balancedAccuracy": metrics.balanced_accuracy_score(truth, predicted),
    }


def blobs(seed, count, dimension, classes):
    draw = draws(seed)
    rows = np.array([[next(draw) * 2 - 1 for _ in range(dimension)] for _ in range(count)])
    labels = [int(next(draw) * classes) for _ in range(count)]
    for row, label in zip(rows, labels):
        row[label] += 0.7
    return rows, labels


def linear_probe():
    rows, labels = blobs(5, 40, 3, 3)
    model = LogisticRegression(C=2, tol=1e-12, max_iter=10000).fit(rows, labels)
    return {
        "coefficients": model.coef_.tolist(),
        "biases": (model.intercept_ - model.intercept_.mean()).tolist(),
        "probabilities": model.predict_proba(rows[:3]).tolist(),
    }


def nearest_neighbours():
    rows, labels = blobs(13, 60, 4, 4)
    queries, _ = blobs(17, 25, 4, 4)

    def predict(weights):
        model = KNeighborsClassifier(7, metric="cosine", weights=weights).fit(rows, labels)
        return model.predict(queries).tolist()

    return {
        "similarity": predict(lambda distance: np.exp((1 - distance) / 0.07)),
        "majority": predict("uniform"),
    }


print(
    json.dumps(
        {
            "source": f"scikit-learn {sklearn.__version__}, scikit_learn.py beside this file",
            "ranking": ranking(),
            "classification": classification(),
            "linearProbe": linear_probe(),
            "nearestNeighbours": nearest_neighbours(),
        },
        indent=2,
    )
)
