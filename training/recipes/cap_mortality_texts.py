"""What the bundle of `cap_mortality_cxr` says about itself."""

from typing import Any

from models.cap_mortality_cxr import preprocess

CARD: dict[str, Any] = {
    "name": "cap_mortality_cxr",
    "version": "0.1.0",
    "title": "30-day mortality in pneumonia",
    "evidence": "simulation",
    "intended_use": (
        "Estimates the probability of death from any cause within 30 days from one frontal chest radiograph of an adult"
        " with community-acquired pneumonia. It does not find pneumonia."
    ),
    "population": "Adults (19 years and over) with community-acquired pneumonia known from elsewhere",
    "limits": [
        "Trained on simulated patients only: the figure carries no clinical knowledge beyond a typed-in hazard.",
        "Holds only if the patient has community-acquired pneumonia; pneumonia itself is not looked for.",
        "Age, laboratory values and vital signs do not enter the estimate from the image.",
        "A blurred picture, metal, or a child taken for an adult may go unnoticed.",
    ],
    "reference": (
        "Kim C, Hwang EJ et al. Deep learning-based prediction of 30-day mortality in community-acquired pneumonia"
        " from chest radiographs. AJR 2023 (design only; its weights are not public)"
    ),
    "series_base": 9010,
}

METADATA: dict[str, Any] = {
    "schema": (
        "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
    ),
    "changelog": {"0.1.0": "first version, trained on simulated patients"},
    "optional_packages_version": {},
    "name": "cap_mortality_cxr",
    "task": "30-day mortality in community-acquired pneumonia from a frontal chest radiograph",
    "description": "DenseNet-121 with one input channel, global average pooling and one logit",
    "authors": "Opportune contributors",
    "copyright": "Opportune contributors, Apache-2.0",
    "data_source": "Opportune's own simulator; no patient data",
    "data_type": "dicom",
    "image_classes": "single channel, frontal chest radiograph, bone bright",
    "pred_classes": "log odds of death within 30 days, before calibration",
    "intended_use": "Research and demonstration. Not for clinical use",
    "references": [CARD["reference"]],
}

INFERENCE: dict[str, Any] = {
    "imports": ["$import torch"],
    "bundle_root": ".",
    "dataset_dir": "/data/radiographs",
    "input_size": 128,
    "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
    "network_def": {"_target_": "models.cap_mortality_cxr.network.MortalityNet"},
    "network": "$@network_def.to(@device)",
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "image", "reader": "PydicomReader", "ensure_channel_first": True},
            {"_target_": "ScaleIntensityRangePercentilesd", "keys": "image",
             "lower": preprocess.PERCENTILES[0], "upper": preprocess.PERCENTILES[1],
             "b_min": 0.0, "b_max": 1.0, "clip": True},
            {"_target_": "Resized", "keys": "image", "spatial_size": "@input_size", "size_mode": "longest",
             "mode": "bilinear", "anti_aliasing": True},
            {"_target_": "SpatialPadd", "keys": "image", "spatial_size": ["@input_size", "@input_size"]},
            {"_target_": "NormalizeIntensityd", "keys": "image", "subtrahend": preprocess.MEAN,
             "divisor": preprocess.SD},
        ],
    },
    "dataset": {"_target_": "Dataset", "data": [], "transform": "@preprocessing"},
    "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1},
    "inferer": {"_target_": "SimpleInferer"},
    "evaluator": {
        "_target_": "SupervisedEvaluator",
        "device": "@device",
        "val_data_loader": "@dataloader",
        "network": "@network",
        "inferer": "@inferer",
    },
}  # fmt: skip
