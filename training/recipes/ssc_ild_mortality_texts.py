"""What the bundle of `ssc_ild_mortality_ct` says about itself."""

from typing import Any

from models.ssc_ild_mortality_ct import preprocess

CARD: dict[str, Any] = {
    "name": "ssc_ild_mortality_ct",
    "version": "0.1.0",
    "title": "Mortality in lung disease of systemic sclerosis",
    "evidence": "simulation",
    "intended_use": (
        "Estimates the probability of death from any cause within 1 to 5 years from one chest CT of a patient with"
        " interstitial lung disease of systemic sclerosis. It does not find the disease."
    ),
    "population": "Adults with systemic sclerosis and interstitial lung disease known from elsewhere",
    "limits": [
        "Trained on simulated patients only: the figures carry no clinical knowledge beyond a typed-in hazard.",
        "Holds only if systemic sclerosis with interstitial lung disease is known; neither is looked for.",
        "Lung function, autoantibodies, treatment and other organs do not enter.",
        "Breath and reconstruction kernel change what is read; other lung disease is read as if it were fibrosis.",
    ],
    "reference": (
        "Mortality of SSc-ILD at 1, 3 and 5 years from CT: ResNet-18, DenseNet-121, Swin Transformer and radiomics."
        " arXiv 2509.23530 (design only; its weights are not public)"
    ),
    "series_base": 9020,
}

METADATA: dict[str, Any] = {
    "schema": (
        "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
    ),
    "changelog": {"0.1.0": "first version, trained on simulated patients"},
    "optional_packages_version": {},
    "name": "ssc_ild_mortality_ct",
    "task": "1- to 5-year mortality in SSc-ILD from a chest CT",
    "description": "one 2-D backbone for all slices, gated attention over them, monotone hazard head; radiomics beside",
    "authors": "Opportune contributors",
    "copyright": "Opportune contributors, Apache-2.0",
    "data_source": "Opportune's own simulator; no patient data",
    "data_type": "dicom",
    "image_classes": "axial slices equally spaced over the lungs, 0 to 1 for -1000 to 400 HU",
    "pred_classes": "log odds of death by the end of years 1 to 5, before calibration",
    "intended_use": "Research and demonstration. Not for clinical use",
    "references": [CARD["reference"]],
}

# A volume that is cropped to the lungs; `models.ssc_ild_mortality_ct.preprocess` finds them.
INFERENCE: dict[str, Any] = {
    "imports": ["$import torch"],
    "bundle_root": ".",
    "dataset_dir": "/data/chests",
    "input_size": 112,
    "slices": 16,
    "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
    "network_def": {"_target_": "models.ssc_ild_mortality_ct.network.MortalityNet", "backbone": "resnet18",
                    "width": 0.5},
    "network": "$@network_def.to(@device)",
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "image", "reader": "PydicomReader", "ensure_channel_first": True},
            {"_target_": "ScaleIntensityRanged", "keys": "image",
             "a_min": preprocess.WINDOW[0], "a_max": preprocess.WINDOW[1], "b_min": 0.0, "b_max": 1.0, "clip": True},
            {"_target_": "Resized", "keys": "image", "spatial_size": ["@input_size", "@input_size", "@slices"]},
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


def network_data_format(slices: int, size: int) -> dict[str, object]:
    """MONAI's description of input and output."""
    image = {
        "type": "image", "format": "hounsfield", "modality": "CT", "num_channels": slices,
        "spatial_shape": [size, size], "dtype": "float32", "value_range": [0, 1], "is_patch_data": False,
        "channel_def": {str(k): f"slice {k + 1} of {slices}, from base to apex" for k in range(slices)},
    }  # fmt: skip
    pred = {
        "type": "probability", "format": "classification", "num_channels": 5, "spatial_shape": [1],
        "dtype": "float32", "value_range": [], "is_patch_data": False,
        "channel_def": {str(k): f"risk_{k + 1}y" for k in range(5)},
    }  # fmt: skip
    return {"inputs": {"image": image}, "outputs": {"pred": pred}}
