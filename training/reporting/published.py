"""Figures of the papers, as printed, for standing beside ours. [sic] marks what contradicts itself in print.

They come from patients. Figures from simulated patients beside them show the layout, never a comparison.
"""

from collections.abc import Mapping

PAPERS: Mapping[str, str] = {
    "cap_mortality_cxr": "Kim C, Hwang EJ et al., AJR 2023: 7,105 patients for development",
    "ssc_ild_mortality_ct": "arXiv 2509.23530: 2,125 scans; deaths by 1, 3, 5 years 181, 326, 428 (8.5, 15.3, 20.1 %)",
    "pediatric_age_cxr": "Insights into Imaging 2025, doi 10.1186/s13244-025-02068-5: 128,008 images",
    "spine_fracture_xr": "Endocrinology and Metabolism 2022, doi 10.3803/EnM.2022.1461: 1,416 and 179 patients",
    "bone_muscle_ct": "multitask bone and muscle CT, 2025: 2,553 patients for development, 1,506 external",
}

# S0: cohort, n, AUC of DL, of CURB-65, p, of both, p of both against CURB-65
CAP = (
    ("temporal", "947", "0.77", "0.67", "<.001", "0.77", "<.001"),
    ("external A", "467", "0.80", "0.73", ">.05", "0.80", ".16"),
    ("external B", "381", "0.80", "0.72", ">.05", "0.80", ".04"),
)
CAP_SPECIFICITY = ("44-58 %", "61-69 %", "<.001")  # of CURB-65, of DL at the same sensitivity, p: ranges over cohorts
CAP_SIBLING = (
    "A sibling for scale (CAPE, Quah 2021; 2,235 radiographs for training, 315 prospective, 19.4 % died): AUC 0.79,"
    " PSI 0.80, CURB-65 0.76, CAPE with CURB-65 0.83, with PSI 0.84. CURB-65 elsewhere: 0.68 (n = 553), 0.73"
    " (n = 4,350)."
)

# S1: best AUROC by horizon; the abstract does not say which network; deaths of 2,125 scans
ILD_BEST = {1: "0.769", 3: "0.801", 5: "0.709"}
ILD_DEATHS = {1: "181/2125", 3: "326/2125", 5: "428/2125"}
ILD_RADIOMICS = "0.682-0.723"
ILD_HAZARD_RATIO = "2.48 (1.57-3.92)"  # extent above 20 %, Goh 2008

# S2: mean absolute error in months by cohort and sex
AGE_MAE = {("internal", "M"): "5.86", ("internal", "F"): "5.80", ("external", "M"): "7.40", ("external", "F"): "7.29"}
AGE_SPEARMAN = "> 0.98"

# S3, Table 2: AUROC, sensitivity, specificity, PPV, NPV
VARIANTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "full_L1L5": ("L1-L5", (".7778", ".6957", ".7601", ".1839", ".9698")),
    "full_L1L5_mask": ("L1-L5, mask", (".7870", ".6957", ".8074", ".2192", ".9715")),
    "full_L1L4": ("L1-L4", (".7833", ".6957", ".7432", ".1739", ".9692")),
    "full_L1L4_mask": ("L1-L4, mask", (".7358", ".6957", ".7770", ".1951", ".9705")),
    "patches_L1L5": ("patches", (".8015", ".7171", ".7741", ".2065", ".9739")),
    "patches_L1L5_mask": ("patches, mask", (".6722", ".6957", ".5338", ".1039", ".9576")),
}
VARIANTS_NOTE = (
    "Published sensitivities are 16/23 and specificities k/296 of a validation set of 319; the row of patches"
    " (.7171/.7741) is neither: probably a mean over folds."
)

# S3, Figure 4: C in women of the test set
FIGURE_4: Mapping[str, tuple[str, str]] = {
    "frax": ("FRAX", ".547"),
    "cox_m1": ("model 1 (age, sex), Cox", ".552 (.550-.554)"),
    "deepsurv_m1": ("model 1, DeepSurv", ".568"),
    "deepsurv_image_m1": ("model 1, DeepSurv and image", ".544 (.481-.607)"),
    "cox_m2": ("model 2 (and BMI), Cox", ".553"),
    "deepsurv_m2": ("model 2, DeepSurv", ".558 (.521-.595)"),
    "deepsurv_image_m2": ("model 2, DeepSurv and image", ".610 (.576-.644)"),
    "cox_m3": ("model 3 (and glucocorticoids, secondary osteoporosis), Cox", ".594 (.584-.604) [sic]"),
    "deepsurv_m3": ("model 3, DeepSurv", ".433 (.510-.579) [sic]"),
    "deepsurv_image_m3": ("model 3, DeepSurv and image", ".612 (.571-.653)"),
    "image": ("image only", ".614 (.572-.656)"),
}
FIGURE_4_NOTES = (
    "[sic] Model 3, DeepSurv: the printed point lies outside its interval; probably a slip for about .543-.545.",
    "[sic] Model 3, Cox: the abstract prints the interval .552-.555, results and figure .584-.604.",
    "The paper's test set has 17 events: intervals as narrow as +-.01 are not those of sampling.",
)

# S4
BONE_DETECTION = ".82 development, .80 external"
BONE_C = ".68"
BONE_FRAX = ".66 (p < .01)"
BONE_AUC = {2: (".79", ".75"), 3: (".71", ".68"), 5: (".71", ".68")}  # bone and muscle, bone
BONE_P = "<.01"
BONE_SIBLING = (
    "Siblings for scale: bone and muscle CT, JMIR 2024 e48535: AUROC .736 +- .003 against .688 +- .001 for bone alone"
    " (development), .729 +- .002 against .698 +- .001 (external). Radiographs computed from hip CT: C .73, AUROC"
    " .74, .74, .73 at 2, 3, 5 years."
)
