import numpy as np
import torch

from models.pediatric_age_cxr.network import AgeNet, Architecture
from tests.training.fitting.age_cohorts import discs
from training.fitting.pediatric_age_cxr import mae
from training.fitting.pediatric_tuning import LastStage, Tuning, TuningTrainee, tuned

TINY = Architecture(depth=18, width=0.125)


def net() -> AgeNet:
    torch.manual_seed(0)
    return AgeNet(TINY).eval()


def test_it_learns_and_the_first_stages_stay_as_they_are() -> None:
    before, cohort = net(), discs(40)
    after = tuned(before, cohort, Tuning(epochs=12, peak_rate=3e-3), seed=0)
    assert mae(after, cohort, size=64) < 0.8 * mae(before, cohort, size=64)
    for name, tensor in after.state_dict().items():
        same = torch.equal(tensor, before.state_dict()[name])
        learns = name.startswith(("trunk.layer4", "condition", "head")) and "bn" not in name and "running" not in name
        if not name.startswith(("trunk.layer4", "condition", "head")) or "running" in name or "num_batches" in name:
            assert same, name
        elif learns and name.endswith("weight") and "downsample" not in name:
            assert not same, name


def test_normalisation_keeps_what_it_has_seen() -> None:
    module = LastStage(net()).train()
    assert module.training
    assert module.net.dropout.training
    assert not any(part.training for part in module.net.trunk.modules())


def test_an_epoch_takes_each_child_once() -> None:
    trainee = TuningTrainee(net(), discs(18), Tuning(batch=8))
    batches = list(trainee.batches(0, torch.Generator().manual_seed(0)))
    assert [len(batch.label) for batch in batches] == [8, 8]
    assert len(set(torch.cat([batch.label for batch in batches]).tolist())) == 16
    assert np.isnan(trainee.validate(torch.device("cpu")))
