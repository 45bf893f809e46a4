"""What the book tries: tables alone, to be edited.

Each value of an axis is a setting of :class:`mnist_gd.experiments.runs.Configuration`; where
there are several, all of them are tried. What is edited is trained anew, and nothing else.
"""

__all__ = [
    "FINALISTS",
    "FRESH_SEEDS",
    "KEEP",
    "NOTEBOOK",
    "OWN",
    "RUNGS",
    "SEEDS",
    "STUDIES",
    "SWEEPS",
    "SWEEP_SEEDS",
    "TEST_NETWORKS",
    "WORKING_RATES",
]

SEEDS = range(5)
SWEEP_SEEDS = range(3)

# What the two headline networks are chosen from, by their score on validation data after the last
# epoch. Their rate falls to zero: at a constant one that score hangs on the last few batches, and
# with it on the last bits, which differ from machine to machine. For the same reason the rates lie
# far apart. Batches of 32 take twice the steps of batches of 64 in little more time.
SWEEPS = {
    "four": {
        "question": ["four"],
        "loss": ["binary_cross_entropy_with_logits"],
        "hidden_size": [256],
        "batch_size": [32],
        "learning_rate": [0.1, 1.0, 10.0],
        "decay": ["cosine"],
        "epochs": [2],
    },
    "ten": {
        "question": ["ten"],
        "loss": ["cross_entropy_with_logits"],
        "hidden_size": [256, 64],
        "batch_size": [32],
        "learning_rate": [0.05, 0.2, 0.8],
        "decay": ["cosine"],
        "epochs": [2],
    },
}

# The networks that meet the test set: what they change in the chosen configuration. They train for
# longer than it takes to choose.
TEST_NETWORKS = {
    "four": {"all images": {"epochs": 6}, "50:50 mix": {"epochs": 6, "mix": "balanced"}},
    "ten": {"plain gradient descent": {"epochs": 6}},
    "additions": {"best addition": {}},
    "search": {"best in the least time": {}},
}

# The searches that the notebook planned, with its own learning rates: for the 4, on a balanced
# mix, and for the ten digits.
NOTEBOOK = {
    "four": {
        "epochs": [10, 20, 30],
        "batch_size": [64, 256, 1024],
        "rate": [1e-3, 1e-4, 1e-5],
        "hidden_size": [256, 512],
    },
    "ten": {
        "epochs": [10, 15, 20],
        "batch_size": [16, 64, 256, 512],
        "rate": [0.1, 0.01, 1e-4],
        "hidden_size": [256, 512],
    },
}

# Our own search for the 4, rates on the mean: on the notebook's mix smaller batches and networks
# than there, and on all images smaller networks than the headline's, at a rate that falls to zero
# as it does there.
OWN = {
    "balanced": {
        "loss": ["binary_cross_entropy_with_logits"],
        "epochs": [2, 5, 10],
        "batch_size": [8, 32, 128],
        "learning_rate": [0.1, 0.3, 1.0],
        "hidden_size": [16, 64],
    },
    "natural": {
        "loss": ["binary_cross_entropy_with_logits"],
        "decay": ["cosine"],
        "epochs": [1, 2, 4],
        "batch_size": [32, 128],
        "learning_rate": [1.0],
        "hidden_size": [16, 64],
    },
}

# How many of those that no other beats in both score and time are trained again to choose from,
# and the seeds of that, which are not the one they were found with.
FINALISTS = 4
FRESH_SEEDS = range(1, 6)

# Rates on the mean gradient that work for the ten digits.
WORKING_RATES = [0.1, 0.3, 1.0]

# Rungs of the search that fits into a build: a fifth of the images once, two fifths of them
# twice, and for the last all of them for as many epochs as the notebook planned.
RUNGS = [
    {"images": [10_000], "epochs": [1]},
    {"images": [20_000], "epochs": [2]},
    {"epochs": NOTEBOOK["ten"]["epochs"]},
]
KEEP = 1 / 8

FOCAL = "focal_loss_with_logits"

# What a study varies, with the learning rates that each variant may choose from. Losses are
# compared at a falling rate: a constant one leaves each score to the luck of its last batches.
STUDIES = {
    "four_losses": {
        "base": {"question": "four", "batch_size": 64, "decay": "cosine"},
        "variants": {
            "binary cross-entropy": {
                "loss": "binary_cross_entropy_with_logits",
                "learning_rate": [0.3, 1.0, 3.0],
            },
            "squared error": {"loss": "mean_squared_error", "learning_rate": [0.3, 1.0, 3.0]},
            # Without its γ the focal loss is cross-entropy with a weight for each class.
            "class weights 9 : 1": {
                "loss": FOCAL,
                "alpha": 0.9,
                "gamma": 0.0,
                "learning_rate": [0.5, 2.0, 8.0],
            },
            **{
                f"focal, α = {alpha:g}, γ = 2": {
                    "loss": FOCAL,
                    "alpha": alpha,
                    "gamma": 2.0,
                    "learning_rate": [0.5, 2.0, 8.0],
                }
                for alpha in [0.25, 0.5, 0.9]
            },
        },
        "build": {"hidden_size": 64, "epochs": 2},
        "full": {"hidden_size": 512, "epochs": 10},
    },
    "ten_losses": {
        "base": {"question": "ten", "batch_size": 64, "decay": "cosine"},
        "variants": {
            "cross-entropy": {
                "loss": "cross_entropy_with_logits",
                "learning_rate": [0.1, 0.3, 1.0],
            },
            "squared error": {"loss": "mean_squared_error", "learning_rate": [3.0, 10.0, 30.0]},
        },
        "build": {"hidden_size": 64, "epochs": 4},
        "full": {"hidden_size": 256, "epochs": 15},
    },
    "additions": {
        "base": {"question": "ten", "loss": "cross_entropy_with_logits", "batch_size": 64},
        # The rates lie a factor of five apart, so that it is not luck which of three is best.
        "variants": {
            "plain gradient descent": {"learning_rate": [0.03, 0.15, 0.75]},
            "momentum": {"optimizer": "momentum", "learning_rate": [0.004, 0.02, 0.1]},
            "Adam": {"optimizer": "adam", "learning_rate": [0.0004, 0.002, 0.01]},
            "falling rate": {"decay": "cosine", "learning_rate": [0.06, 0.3, 1.5]},
            "weight decay": {"weight_decay": 5e-4, "learning_rate": [0.03, 0.15, 0.75]},
            "early stopping": {"patience": 3, "learning_rate": [0.03, 0.15, 0.75]},
            "dropout": {"dropout": 0.2, "learning_rate": [0.03, 0.15, 0.75]},
            "shifts": {"shifts": 2, "learning_rate": [0.03, 0.15, 0.75]},
            "Adam, falling rate, shifts": {
                "optimizer": "adam",
                "decay": "cosine",
                "shifts": 2,
                "learning_rate": [0.001, 0.005, 0.025],
            },
        },
        # Batches of 64 divide these images: no epoch ends with a small one.
        "build": {"hidden_size": 64, "images": 9_600, "epochs": 8},
        "full": {"hidden_size": 256, "epochs": 30},
    },
}
