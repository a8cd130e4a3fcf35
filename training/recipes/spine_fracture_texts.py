"""What the bundle of `spine_fracture_xr` says about itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.spine_fracture_xr import preprocess
from models.spine_fracture_xr.clinical import ITEMS
from training.bundle import BundleContent
from training.phantoms.spine.phantom import SIMULATOR_VERSION
from training.request import TrainingRequest

if TYPE_CHECKING:
    from training.recipes.spine_fracture_xr import Parts

CARD: dict[str, Any] = {
    "name": "spine_fracture_xr",
    "version": "0.1.0",
    "title": "Vertebral fracture risk",
    "intended_use": (
        "Estimates the risk of a new morphometric vertebral fracture within 1, 3 and 5 years from one lateral"
        " radiograph of the lumbar spine in neutral position and what the referral says of the patient."
    ),
    "population": "Adults of 50 to 75 years without a fragility fracture and without anti-osteoporotic drugs",
    "limits": [
        "Needs the whole of L1 to L5 in one lateral picture; flexion and extension views are not read.",
        "Not for patients with metal, cement or a known vertebral fracture.",
        "FRAX is licensed and never computed: a site may give its own figure for comparison.",
    ],
    "reference": (
        "Kong SH et al. Development of a spine X-ray-based fracture prediction model using a deep learning algorithm."
        " Endocrinol Metab 2022, doi 10.3803/EnM.2022.1461 (design only; its weights are not public)"
    ),
    "series_base": 9040,
}
SIMULATED = "Trained on simulated people only: the figures carry no clinical knowledge beyond a typed-in hazard."

METADATA: dict[str, Any] = {
    "schema": (
        "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
    ),
    "changelog": {"0.1.0": "first version"},
    "optional_packages_version": {},
    "name": "spine_fracture_xr",
    "task": "risk of a vertebral fracture from a lateral lumbar radiograph",
    "description": "HRNet keypoints, alignment on L1-L5, ResNet-18, clinical MLP and Cox hazard heads",
    "authors": "Opportune contributors",
    "copyright": "Opportune contributors, Apache-2.0",
    "data_type": "dicom",
    "image_classes": "single channel, lateral lumbar spine aligned on L1 and L5, bone bright",
    "pred_classes": "log-hazard of a vertebral fracture, before calibration",
    "intended_use": "Research and demonstration. Not for clinical use",
    "references": [CARD["reference"]],
}


def content(request: TrainingRequest, parts: "Parts", results: Mapping[str, float]) -> BundleContent:
    """The bundle of trained networks."""
    tier, view = parts.tier, parts.tier.view
    simulated = request.cohort is None
    who = (
        f"simulated people (simulator {SIMULATOR_VERSION})"
        if simulated
        else f"people of the site's table; keypoints on simulated people (simulator {SIMULATOR_VERSION})"
    )
    count = int(results["train_rows"])
    tensors = {f"net.{name}": value for name, value in parts.net.state_dict().items()}
    tensors |= {f"keypoints.{name}": value for name, value in parts.keypoints.network.state_dict().items()}
    tensors |= {f"ood.{name}": value for name, value in parts.constants.items()}
    limits = [*([SIMULATED] if simulated else []), *CARD["limits"]]
    return BundleContent(
        card=CARD | {
            "evidence": "simulation" if simulated else "research", "limits": limits,
            "input_size": [parts.keypoints.size, parts.keypoints.size],
            "trained_on": f"{count} {who}, tier {request.tier}, seed {request.seed}",
        },
        configuration={
            "preprocessing": {
                "version": preprocess.VERSION, "variant": view.variant, "layout": view.layout, "size": view.size,
                "mean": preprocess.MEAN, "sd": preprocess.SD,
            },
            "keypoints": {"width": parts.keypoints.width, "size": parts.keypoints.size},
            "network": {"width": tier.width, "depth": 18, "items": list(ITEMS)},
            "calibration": parts.calibration.to_table() | {
                "method": "Cox slope and Breslow baseline on validation people the network did not learn from",
                "unit": "years",
            },
            "blends": {name: list(weights) for name, weights in parts.blends.items()},
            "cox": {arm: model.to_table() for arm, model in parts.cox.items()},
            "ood": {"method": "probabilistic PCA Mahalanobis distance of picture features", "scale": "99 % validation"},
        },
        metadata=METADATA | {
            "data_source": "Opportune's own simulator; no patient data" if simulated else "the site's own patients",
            "network_data_format": network_data_format(view.size, view.channels),
        },
        inference=inference(tier.width, view),
        tensors=tensors,
        keep_precision=("ood.",),
        results=results,
    )  # fmt: skip


def network_data_format(size: int, channels: int) -> dict[str, object]:
    """MONAI's description of input and output."""
    image = {
        "type": "image", "format": "magnitude", "modality": "CR", "num_channels": channels,
        "spatial_shape": [size, size], "dtype": "float32", "value_range": [], "is_patch_data": False,
        "channel_def": {str(k): "aligned spine" if channels == 1 else f"L{k + 1}" for k in range(channels)},
    }  # fmt: skip
    items = {
        "type": "feature", "format": "feature", "num_channels": len(ITEMS), "spatial_shape": [1], "dtype": "float32",
        "value_range": [], "is_patch_data": False, "channel_def": {str(k): name for k, name in enumerate(ITEMS)},
    }  # fmt: skip
    pred = {
        "type": "probability", "format": "classification", "num_channels": 1, "spatial_shape": [1], "dtype": "float32",
        "value_range": [], "is_patch_data": False, "channel_def": {"0": "log-hazard of a vertebral fracture"},
    }  # fmt: skip
    return {"inputs": {"image": image, "items": items}, "outputs": {"pred": pred}}


def inference(width: float, view: preprocess.View) -> dict[str, Any]:
    """MONAI's inference.json: the fracture network on pictures that are aligned already."""
    return {
        "imports": ["$import torch"],
        "bundle_root": ".",
        "dataset_dir": "/data/aligned",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "network_def": {
            "_target_": "models.spine_fracture_xr.network.FractureNet", "width": width, "layout": view.layout,
        },
        "network": "$@network_def.to(@device)",
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "LoadImaged", "keys": "image", "ensure_channel_first": True},
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
