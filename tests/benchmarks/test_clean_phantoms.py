from benchmarks.clean_phantoms import FIRST_SEED, Tally, row_of, screen_clean, spoiled


def test_a_simulated_chest_is_read_and_counted() -> None:
    tally = screen_clean("cap_mortality_cxr", 1)
    assert (tally.studies, tally.spoiled, tally.read) == (1, 0, 1)
    assert tally.remarks


def test_what_the_simulator_spoiled_is_left_out() -> None:
    lumbar = [spoiled("spine_fracture_xr", seed, {}) for seed in range(FIRST_SEED, FIRST_SEED + 100)]
    assert 1 <= sum(lumbar) <= 15
    assert spoiled("bone_muscle_ct", 1, {"metal": "L2", "cut_off": "0"})
    assert spoiled("bone_muscle_ct", 1, {"metal": "", "cut_off": "1"})
    assert not spoiled("bone_muscle_ct", 1, {"metal": "", "cut_off": "0"})


def test_a_row_has_the_share_with_its_interval_and_the_codes() -> None:
    tally = Tally(read=98)
    tally.refused.update({"image-noisy": 2})
    assert row_of("m", tally) == "| m | 100 | 0 | 2 | 2.0% (0.6% to 7.0%) | 2 `image-noisy` |"
    assert row_of("m", Tally(read=10)).endswith("| 0 | 0.0% (0.0% to 27.8%) | none |")
