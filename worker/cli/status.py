"""`opportune status`, `study` and `quarantine`: what is where, and why."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.database import open_session
from worker.cli.output import JsonFlag, LimitOption, fail, print_json, print_table, say_if_cut
from worker.cli.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

study_app = typer.Typer(help="One study.", no_args_is_help=True)
quarantine_app = typer.Typer(help="Jobs that failed for good.", no_args_is_help=True)

StudyArgument = Annotated[str, typer.Argument(help="Accession Number, Study Instance UID or name in the log")]
JobArgument = Annotated[int, typer.Argument(help="Number of the job, as listed")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.add_typer(study_app, name="study")
    app.add_typer(quarantine_app, name="quarantine")


def status(as_json: JsonFlag = False) -> None:
    """Print how many instances, studies, jobs and deliveries are in which state, and what is wrong now."""
    from db import status as verbs  # noqa: PLC0415
    from dicom_node import disk  # noqa: PLC0415

    with open_session(read_only=True) as session:
        counts = verbs.counts(session)
    counts["disk"] = disk.look(load_settings(), counts["conditions"])
    if as_json:
        print_json(counts)
        return
    rows = []
    for name, value in counts.items():
        if isinstance(value, dict):
            rows += [
                (name.replace("_", " "), key, _cell(number))
                for key, number in value.items()
                if number or isinstance(number, bool)
            ]
        else:
            rows.append((name.replace("_", " "), "", value))
    print_table("Status", ("what", "state", "number"), rows)


@study_app.command("show")
def study_show(study: StudyArgument, as_json: JsonFlag = False) -> None:
    """Show what happened to a study: selections with reasons, jobs with history, timeline, findings, deliveries."""
    from db.study_report import describe_study  # noqa: PLC0415

    with open_session(read_only=True) as session:
        quiet_seconds = load_settings(read_cards=False).node.quiet_seconds
        found = [describe_study(session, uid, quiet_seconds=quiet_seconds) for uid in _find(session, study)]
    if as_json:
        print_json(found)
        return
    for values in found:
        print_table(
            f"Study {values['study_instance_uid']}: {values['instances']} instances",
            ("model", "", "code", "reason"),
            ((row["model"], row["kind"], row["code"], row["reason"]) for row in values["selections"]),
        )
        for job in values["jobs"]:
            rows = ((event["at"], event["from"], event["to"], event["detail"]) for event in job["events"])
            print_table(f"Job {job['job_id']}, {job['model']}: {job['state']}", ("at", "from", "to", "detail"), rows)
            print_table("Timeline", ("stage", "destination", "began at", "seconds"), _timeline_rows(job["timeline"]))
            print_table("Findings", ("group", "name", "value", "unit"), _finding_rows(job["outcome"]))
            print_table(
                "Deliveries",
                ("destination", "object", "state", "detail"),
                ((row["destination"], row["role"], row["state"], row["detail"]) for row in job["deliveries"]),
            )


@study_app.command("screen")
def study_screen(
    study: StudyArgument, model: Annotated[str, typer.Option("--model", help="Name of an enabled model")]
) -> None:
    """Screen a study with a model, even one that runs by command only or whose indication is not known."""
    from worker.by_command import screen_by_command  # noqa: PLC0415

    settings, who = load_settings(), getpass.getuser()
    with open_session() as session:
        found = {uid: screen_by_command(session, settings, uid, model, who) for uid in _find(session, study)}
    for answer in found.values():
        if answer.job is not None:
            told = "is opened" if answer.opened else f"is there already: {answer.job.state}"
            typer.echo(f"job {answer.job.job_id} {told}")
    refused = [f"study {uid} is not screened: {answer.reason}" for uid, answer in found.items() if answer.job is None]
    if refused:
        raise fail("; ".join(refused))


@study_app.command("retry")
def study_retry(study: StudyArgument) -> None:
    """Try a study's quarantined jobs and failed deliveries again."""
    from db import deliveries, jobs  # noqa: PLC0415

    count = 0
    with open_session() as session:
        for uid in _find(session, study):
            for job in jobs.of_study(session, uid):
                if job.state == "quarantined":  # what an operator gave up stays given up
                    count += jobs.retry(session, job.job_id, getpass.getuser())
                for item in deliveries.of_job(session, job.job_id):
                    if item.state == "failed":
                        count += deliveries.retry(session, item.delivery_id, getpass.getuser())
    typer.echo(f"{count} will be tried again")


@quarantine_app.command("list")
def quarantine_list(limit: LimitOption = 1000, as_json: JsonFlag = False) -> None:
    """List quarantined jobs with the reason of their last failure."""
    from db import jobs  # noqa: PLC0415

    with open_session(read_only=True) as session:
        rows = [
            {"job_id": job.job_id, "model": job.model_name, "study_instance_uid": job.study_instance_uid,
             "attempt": job.attempt, "reason": job.reason}
            for job in jobs.quarantined(session, limit)
        ]  # fmt: skip
    say_if_cut(len(rows), limit)
    if as_json:
        print_json(rows)
    else:
        print_table(
            "Quarantine", ("job", "model", "study", "attempts", "reason"), (tuple(row.values()) for row in rows)
        )


@quarantine_app.command("retry")
def quarantine_retry(job: JobArgument) -> None:
    """Try a quarantined job again."""
    from db import jobs  # noqa: PLC0415

    with open_session() as session, _known(job):
        done = jobs.retry(session, job, getpass.getuser())
    if not done:
        raise fail(f"job {job} is not in quarantine")
    typer.echo(f"job {job} will be tried again")


@quarantine_app.command("dismiss")
def quarantine_dismiss(
    job: JobArgument, why: Annotated[str, typer.Option("--why", help="Reason, kept in the audit trail")]
) -> None:
    """Give a quarantined job up, saying why."""
    from db import jobs  # noqa: PLC0415

    with open_session() as session, _known(job):
        done = jobs.dismiss(session, job, getpass.getuser(), why)
    if not done:
        raise fail(f"job {job} is not in quarantine")
    typer.echo(f"job {job} is dismissed")


@contextmanager
def _known(job: int) -> Iterator[None]:
    """Say so when there is no such job."""
    try:
        yield
    except KeyError:
        raise fail(f"there is no job {job}") from None


def _find(session: "Session", text: str) -> list[str]:
    from db import studies  # noqa: PLC0415
    from worker.secrecy import Secrecy, log_key  # noqa: PLC0415

    found = studies.find(session, text)
    if not found and text.startswith("uid-"):
        secrecy = Secrecy(log_key(load_settings(read_cards=False)))
        found = [uid for uid in studies.all_uids(session) if secrecy.name(uid) == text]
    if not found:
        raise fail("no study has this Accession Number, Study Instance UID or name in the log")
    return found


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items() if number)
    return str(value)


def _timeline_rows(spans: list[dict[str, Any]]) -> Iterator[tuple[object, ...]]:
    for span in spans:
        yield span["stage"], span["destination"], span["at"], f"{span['seconds']:.3f}"


def _finding_rows(outcome: dict[str, object] | None) -> Iterator[tuple[object, ...]]:
    if outcome is None:
        return
    if outcome.get("kind") == "not_evaluable":
        yield "", outcome.get("code"), outcome.get("reason"), ""
        return
    groups = outcome.get("groups")
    for group in groups if isinstance(groups, list) else []:
        for item in group["measurements"]:
            yield group["tracking_identifier"], item["name"]["meaning"], f"{item['value']:.2f}", item["unit"]["value"]
