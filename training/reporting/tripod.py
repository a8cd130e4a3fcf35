"""The 27 items of TRIPOD+AI (Collins 2024, BMJ 385:e078378), filled from a run and the card.

What a run cannot know is left to a person, and said so by name of who must fill it.
"""

from dataclasses import dataclass

from screening.card import Evidence, ModelCard
from training.reporting.published import PAPERS

WHO = {"authors": "the authors of the study", "site": "the site that gave the cohort",
       "developers": "whoever trained the weights"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a run knows."""

    card: ModelCard
    cohorts: tuple[str, ...]  #: one sentence each: name, rows, patients, events, rows left out
    simulated: bool
    outcome: str
    predictors: str
    missing: tuple[str, ...]  #: columns with values that are not known, and how many
    analysis: str  #: draws, seed
    subgroups: tuple[str, ...]
    recalibrated: str | None  #: how, or None
    calibration_method: str
    preprocessing: str
    software: str
    main_results: tuple[str, ...]  #: one sentence each


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item."""

    number: int
    section: str
    topic: str
    said: str  #: from the run; empty if a run knows nothing of it
    to_fill: str = ""  #: who, and what
    by: str = ""  #: a key of WHO


def items(facts: Facts) -> tuple[Item, ...]:
    """All 27, in order."""
    return (*_front(facts), *_methods(facts), *_open(facts), *_results(facts))


def markdown(facts: Facts) -> str:
    """The document."""
    known = items(facts)
    lines = [
        f"# TRIPOD+AI: {facts.card.title}", "", f"**{facts.card.banner}**", "",
        "Filled from one run of `opportune evaluate` and the bundle's card. What a run cannot know is marked"
        " **To be filled**; the run claims nothing there.", "",
        "| item | section | topic | from this run | to be filled |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for item in known:
        fill = f"**To be filled** by {WHO[item.by]}: {item.to_fill}" if item.to_fill else "-"
        cells = (str(item.number), item.section, item.topic, item.said or "-", fill)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    left = sum(bool(item.to_fill) for item in known)
    return "\n".join([*lines, "", f"{len(known)} items; {left} need a person."]) + "\n"


def _item(number: int, section: str, topic: str, said: str, fill: tuple[str, str] = ("", "")) -> Item:
    return Item(number=number, section=section, topic=topic, said=said, by=fill[0], to_fill=fill[1])


def _front(facts: Facts) -> tuple[Item, ...]:
    card = facts.card
    kind = "simulated patients" if facts.simulated else "a site's patients"
    return (
        _item(1, "Title", "Title", f"Evaluation of {card.name} {card.version} ({card.title}) on {kind}.",
              ("authors", "the title of the report")),
        _item(2, "Abstract", "Abstract", "", ("authors", "TRIPOD+AI for Abstracts")),
        _item(3, "Introduction", "Background", f"Intended use: {card.intended_use} Population: {card.population}."
              f" Design after: {card.reference}.",
              ("authors", "place in the care of patients, existing models, known inequalities between groups")),
        _item(4, "Introduction", "Objectives", "Evaluation of weights that are not changed by it: discrimination,"
              " calibration, net benefit.", ("authors", "what decision the evaluation shall serve")),
    )  # fmt: skip


def _methods(facts: Facts) -> tuple[Item, ...]:
    card = facts.card
    source = "Simulated by Opportune's own simulator; no patient." if facts.simulated else "The site's table."

    def ask(text: str) -> tuple[str, str]:
        return ("", "") if facts.simulated else ("site", text)

    groups = ", ".join(facts.subgroups) or "none asked for"
    return (
        _item(5, "Methods", "Data", f"{source} {' '.join(facts.cohorts)}",
              ask("source, dates of inclusion, end of follow-up")),
        _item(6, "Methods", "Participants", f"Eligible: {card.population}. Images by the model's own selection rules;"
              " rows that break them were left out and are listed.", ask("setting, centres, treatments received")),
        _item(7, "Methods", "Data preparation", facts.preprocessing),
        _item(8, "Methods", "Outcome", facts.outcome, ask("how and by whom the outcome was assessed, blinded or not")),
        _item(9, "Methods", "Predictors", facts.predictors, ask("how and when clinical items were measured")),
        _item(10, "Methods", "Sample size", f"All rows given were used. {' '.join(facts.cohorts)} Fewer than 20 events"
              " carry the mark: not interpretable.", ("authors", "why this size")),
        _item(11, "Methods", "Missing data", "Nothing is imputed: a statistic uses the rows on which its columns are"
              f" known. Not known: {'; '.join(facts.missing) or 'nothing'}."),
        _item(12, "Methods", "Analytical methods", f"{facts.analysis} Calibration of the bundle:"
              f" {facts.calibration_method}."),
        _item(13, "Methods", "Class imbalance", "None was corrected for in this run; probabilities are judged by"
              " calibration."),
        _item(14, "Methods", "Fairness", f"Results by: {groups}.",
              ("authors", "which groups matter and why; what was done for fairness in development")),
        _item(15, "Methods", "Model output", f"Probability, risk or measured number as the card says; {card.banner}."
              " Operating points by Youden's index were chosen on the judged cohort and flatter."),
        _item(16, "Methods", "Training versus evaluation", f"Trained on: {card.trained_on}. Paper of the design:"
              f" {PAPERS.get(card.name, 'none')}.", ask("differences of setting, eligibility, outcome, predictors")),
        _item(17, "Methods", "Ethical approval", "Not needed: no patient." if facts.simulated else "",
              ask("name of the board, approval, consent")),
    )  # fmt: skip


def _open(facts: Facts) -> tuple[Item, ...]:
    return (
        _item(18, "Open science", "Funding, conflicts, protocol, registration, data, code",
              f"Code: {facts.software}. Weights: SHA-256 {facts.card.weights_sha256}.",
              ("authors", "funding, conflicts of interest, protocol, registration, where data are")),
        _item(19, "Patient and public involvement", "Involvement", "", ("authors", "who was involved, or that nobody"
              " was")),
    )  # fmt: skip


def _results(facts: Facts) -> tuple[Item, ...]:
    card = facts.card
    weak = "The cohort is simulated: nothing here says how the model would do on patients." if facts.simulated else ""
    proven = {
        Evidence.SIMULATION: "The weights were trained on simulated patients only.",
        Evidence.RESEARCH: "The weights are for research.",
        Evidence.SITE_VALIDATED: "The weights were approved at a site.",
    }[card.evidence]
    return (
        _item(20, "Results", "Participants", f"{' '.join(facts.cohorts)} Counts by outcome and horizon: table.md, Who"
              " was evaluated.", ("authors", "table of characteristics beside the development cohort")),
        _item(21, "Results", "Model development", "No model was developed in this run; rows and events behind each"
              " figure are in results.json (n, events)."),
        _item(22, "Results", "Model specification", f"Bundle {card.name} {card.version}: weights, preprocessing and"
              " calibration in one folder (configs/opportune.json)."),
        _item(23, "Results", "Model performance", f"{' '.join(facts.main_results)} All figures with 95 % intervals,"
              " also by group: table.md, results.json."),
        _item(24, "Results", "Model updating", facts.recalibrated or "None: the bundle was evaluated as it is."),
        _item(25, "Discussion", "Interpretation", weak, ("authors", "what the results mean, fairness included")),
        _item(26, "Discussion", "Limitations", f"{proven} {' '.join(card.limits)} {weak}".strip(),
              ("authors", "limits of this cohort: representativeness, missing data, size")),
        _item(27, "Discussion", "Usability", "Pictures that cannot be read are refused with a reason; figures far from"
              " the training data are marked.", ("authors", "what a user must know and do; next steps")),
    )  # fmt: skip
