"""What the bundle of `pediatric_age_cxr` says about itself."""

from typing import Any

from models.ages import BINS
from models.pediatric_age_cxr import preprocess

CARD: dict[str, Any] = {
    "name": "pediatric_age_cxr",
    "version": "0.1.0",
    "title": "Age from the chest radiograph in children",
    "evidence": "simulation",
    "intended_use": (
        "Estimates the age of a child from one frontal chest radiograph, to be set beside the age in the calendar. It"
        " does not diagnose a disorder of growth, and must not be used to decide whether somebody is of age."
    ),
    "population": "Children and adolescents below 18 years",
    "limits": [
        "Trained on simulated children only: it carries no clinical knowledge beyond the typed-in growth curves.",
        "Not for legal or forensic questions: whether somebody has reached an age is never answered.",
        "Most of what tells the age is size: where the header does not give the size of a pixel, errors are larger.",
        "Patients of 18 years and over are refused; the scale of what is told ends there.",
        "A blurred picture, metal, or an adult taken for a child may go unnoticed.",
    ],
    "reference": (
        "Age of children from the chest radiograph, ResNet with Coordinate Attention. Insights into Imaging 2025,"
        " doi 10.1186/s13244-025-02068-5 (design only; its weights are not public)"
    ),
    "series_base": 9030,
}

METADATA: dict[str, Any] = {
    "schema": (
        "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
    ),
    "changelog": {"0.1.0": "first version, trained on simulated children"},
    "optional_packages_version": {},
    "name": "pediatric_age_cxr",
    "task": "age of a child from a frontal chest radiograph",
    "description": "ResNet with Coordinate Attention in every block, expectation over 229 bins of a month",
    "authors": "Opportune contributors",
    "copyright": "Opportune contributors, Apache-2.0",
    "data_source": "Opportune's own simulator; no patient data",
    "data_type": "dicom",
    "image_classes": "single channel, frontal chest radiograph, bone bright",
    "pred_classes": f"log odds of each month of age, 0 to {BINS - 1}",
    "intended_use": "Research and demonstration. Not for clinical use",
    "references": [CARD["reference"]],
}

# Where the size of a pixel is not known; to scale, `models.pediatric_age_cxr.preprocess` makes the square.
INFERENCE: dict[str, Any] = {
    "imports": ["$import torch"],
    "bundle_root": ".",
    "dataset_dir": "/data/radiographs",
    "input_size": 160,
    "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
    "network_def": {"_target_": "models.pediatric_age_cxr.network.AgeNet"},
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


def network_data_format(size: int) -> dict[str, object]:
    """MONAI's description of input and output."""
    image = {
        "type": "image", "format": "magnitude", "modality": "CR", "num_channels": 1, "spatial_shape": [size, size],
        "dtype": "float32", "value_range": [], "is_patch_data": False, "channel_def": {"0": "image"},
    }  # fmt: skip
    told = {
        "type": "array", "format": "features", "num_channels": preprocess.SCALARS, "spatial_shape": [1],
        "dtype": "float32", "value_range": [], "is_patch_data": False,
        "channel_def": {"0": "boy", "1": "girl", "2": "size of a pixel known", "3": "log size of the field"},
    }  # fmt: skip
    pred = {
        "type": "probability", "format": "classification", "num_channels": BINS, "spatial_shape": [1],
        "dtype": "float32", "value_range": [], "is_patch_data": False,
        "channel_def": {str(month): f"log odds of {month} months" for month in range(BINS)},
    }  # fmt: skip
    return {"inputs": {"image": image, "told": told}, "outputs": {"pred": pred}}
