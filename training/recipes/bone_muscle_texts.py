"""What the bundle of `bone_muscle_ct` says about itself."""

from typing import Any

from models.bone_muscle_ct.preprocess import BONE_WINDOW, MUSCLE_WINDOW

CARD: dict[str, Any] = {
    "name": "bone_muscle_ct",
    "version": "0.1.0",
    "title": "Vertebral fracture, now and within 5 years",
    "evidence": "simulation",
    "intended_use": (
        "Finds vertebral fractures of T12-L5 and estimates the risk of one within 1 to 5 years from an abdominal CT"
        " that was made for another reason; measures trabecular attenuation and muscle."
    ),
    "population": "Adults of 50 to 80 years with an abdominal CT that shows L1-L4",
    "limits": [
        "Trained on simulated patients only: the figures carry no clinical knowledge beyond a typed-in hazard.",
        "What muscle adds was typed in; in studies of patients its effect is weaker and in dispute.",
        "Slices of 5 mm or thinner; metal in the spine, and spines that cannot be counted, are not read.",
        "Age, sex, earlier fractures and treatment do not enter.",
    ],
    "reference": (
        "Multitask deep learning on bone and muscle of abdominal CT for vertebral fractures, 2025, and its predecessor"
        " in J Med Internet Res 2024;26:e48535 (design only; their weights are not public)"
    ),
    "series_base": 9050,
}

METADATA: dict[str, Any] = {
    "schema": (
        "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
    ),
    "changelog": {"0.1.0": "first version, trained on simulated patients"},
    "optional_packages_version": {},
    "name": "bone_muscle_ct",
    "task": "Vertebral fracture, present and within five years, from bone and muscle in an abdominal CT",
    "description": (
        "3-D U-Net for vertebrae and muscles; ResNet-18 on sixteen axial slices, bidirectional GRU, attention pooling,"
        " a detection head and a cumulative hazard head; twice: bone and muscle, and bone alone"
    ),
    "authors": "Opportune contributors",
    "copyright": "Opportune contributors, Apache-2.0",
    "data_source": "Opportune's own simulator; no patient data",
    "data_type": "dicom",
    "image_classes": f"bone window {BONE_WINDOW}, muscle window {MUSCLE_WINDOW} (HU to 0..1), mask of T12-L5",
    "pred_classes": "log odds of a vertebral fracture by the end of years 1 to 5, before calibration",
    "intended_use": "Research and demonstration. Not for clinical use",
    "references": [CARD["reference"]],
}


def network_data_format(size: int, slices: int, years: int) -> dict[str, object]:
    """MONAI's description of input and output."""
    image = {
        "type": "image", "format": "hounsfield", "modality": "CT", "num_channels": 3,
        "spatial_shape": [slices, size, size], "dtype": "float32", "value_range": [0, 1], "is_patch_data": False,
        "channel_def": {"0": "bone window", "1": "muscle window", "2": "bone mask"},
    }  # fmt: skip
    pred = {
        "type": "probability", "format": "classification", "num_channels": years, "spatial_shape": [years],
        "dtype": "float32", "value_range": [], "is_patch_data": False,
        "channel_def": {str(k): f"log odds of a fracture within {k + 1} years" for k in range(years)},
    }  # fmt: skip
    return {"inputs": {"image": image}, "outputs": {"pred": pred}}


def inference(*, size: int, width: float, hidden: int) -> dict[str, Any]:
    """MONAI's inference.json: the network on slices that were cut and masked before."""
    return {
        "imports": ["$import torch"],
        "bundle_root": ".",
        "dataset_dir": "/data/slices",
        "input_size": size,
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "network_def": {
            "_target_": "models.bone_muscle_ct.network.BoneMuscleNet", "width": width, "hidden": hidden,
        },
        "network": "$@network_def.to(@device)",
        "preprocessing": {"_target_": "Compose", "transforms": [{"_target_": "LoadImaged", "keys": "image"}]},
        "dataset": {"_target_": "Dataset", "data": [], "transform": "@preprocessing"},
        "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1},
        "inferer": {"_target_": "SimpleInferer"},
        "evaluator": {
            "_target_": "SupervisedEvaluator", "device": "@device", "val_data_loader": "@dataloader",
            "network": "@network", "inferer": "@inferer",
        },
    }  # fmt: skip
