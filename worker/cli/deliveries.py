"""`opportune deliveries`: results on their way to the destinations."""

import getpass
from typing import Annotated

import typer

from screening.reports import DeliveryState
from worker.cli.database import open_session
from worker.cli.output import JsonFlag, LimitOption, fail, print_json, print_table, say_if_cut

deliveries_app = typer.Typer(help="Results on their way to the destinations.", no_args_is_help=True)

DestinationOption = Annotated[str | None, typer.Option("--destination", help="Name of one destination; default: all")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(deliveries_app, name="deliveries")


@deliveries_app.command("list")
def deliveries_list(
    state: Annotated[DeliveryState, typer.Option(help="State of the deliveries")] = DeliveryState.FAILED,
    destination: DestinationOption = None,
    limit: LimitOption = 1000,
    as_json: JsonFlag = False,
) -> None:
    """List the deliveries that failed for good, or those in another state, with what the destination said."""
    from db import deliveries  # noqa: PLC0415

    with open_session(read_only=True) as session:
        rows = [
            {"delivery_id": item.delivery_id, "destination": item.destination, "object": item.role,
             "study_instance_uid": item.study_instance_uid, "sop_instance_uid": item.sop_instance_uid,
             "attempt": item.attempt, "status": None if item.status is None else f"0x{item.status:04X}",
             "detail": item.detail, "next_attempt_at": item.next_attempt_at}
            for item in deliveries.in_state(session, state, destination, limit)
        ]  # fmt: skip
    say_if_cut(len(rows), limit)
    if as_json:
        print_json(rows)
        return
    columns = ("delivery", "destination", "object", "study", "attempts", "status", "detail")
    print_table(
        f"Deliveries, {state.value}",
        columns,
        (
            (row["delivery_id"], row["destination"], row["object"], row["study_instance_uid"], row["attempt"],
             row["status"], row["detail"])
            for row in rows
        ),
    )  # fmt: skip


@deliveries_app.command("retry")
def deliveries_retry(
    delivery: Annotated[int | None, typer.Argument(help="Number of the delivery, as listed")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that failed, of --destination if one is named")] = False,
    destination: DestinationOption = None,
) -> None:
    """Send what failed for good again, now: the same bytes under the same UIDs."""
    from db import deliveries  # noqa: PLC0415

    if (delivery is None) is not every:
        raise fail("say which delivery, by its number in `opportune deliveries list`, or --all", status=2)
    with open_session() as session:
        if delivery is not None:
            wanted = [delivery]
        else:
            wanted = [item.delivery_id for item in deliveries.in_state(session, DeliveryState.FAILED, destination)]
        count = sum(deliveries.retry(session, number, getpass.getuser()) for number in wanted)
    if delivery is not None and not count:
        raise fail(f"delivery {delivery} neither failed nor waits")
    typer.echo(f"{count} will be sent again")
