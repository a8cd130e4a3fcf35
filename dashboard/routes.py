"""The table of routes: every method of every path with the least role that may use it. No other route exists.

A new page is one module in `dashboard.pages`, one template, one test and one row here.
"""

from typing import Any

from dashboard.api import changing, insight, reading
from dashboard.api import destinations as destinations_api
from dashboard.api import pauses as pauses_api
from dashboard.pages import (
    appearance,
    assets,
    attention,
    audit_trail,
    charts,
    configuration,
    destinations,
    drift,
    health,
    models,
    overview,
    password,
    pauses,
    pictures,
    results,
    rules,
    sign_in,
    studies,
    studies_csv,
    study,
    users,
)
from dashboard.route import Handler, Open, Route
from screening.users import Role


def _get(path: str, handler: Handler, least: Role | Open, **more: Any) -> Route:
    return Route(method="GET", path=path, handler=handler, least=least, **more)


def _post(path: str, handler: Handler, least: Role | Open, **more: Any) -> Route:
    return Route(method="POST", path=path, handler=handler, least=least, **more)


ROUTES: tuple[Route, ...] = (
    _get("/static/{name}", assets.file, Open.ANYBODY),
    _get("/healthz", health.alive, Open.ANYBODY),
    _get("/sign-in", sign_in.form, Open.ANYBODY),
    _post("/sign-in", sign_in.submit, Open.ANYBODY),
    _post("/sign-out", sign_in.leave, Open.USER),
    _get("/password", password.form, Open.USER),
    _post("/password", password.submit, Open.USER),
    _post("/appearance", appearance.submit, Open.USER),
    _get("/", overview.show, Role.VIEWER, menu="Overview"),
    _get("/overview/now", overview.now, Role.VIEWER, in_use=False),
    _post("/parts/{part}/pause", pauses.stop, Role.OPERATOR),
    _post("/parts/{part}/resume", pauses.go_on, Role.OPERATOR),
    _get("/studies", studies.show, Role.VIEWER, menu="Studies"),
    _post("/studies", studies.search, Role.VIEWER),
    _post("/studies.csv", studies_csv.export, Role.OPERATOR),
    _get("/studies/{study_id:int}", study.show, Role.VIEWER),
    _get("/studies/{study_id:int}/pictures/{object_id:int}", pictures.show, Role.VIEWER),
    _post("/studies/{study_id:int}/retry", study.retry, Role.OPERATOR),
    _get("/attention", attention.show, Role.VIEWER, menu="Failed"),
    _post("/attention/retry-all", attention.retry_all, Role.OPERATOR),
    _post("/attention/jobs/{job_id:int}/retry", attention.retry_job, Role.OPERATOR),
    _post("/attention/jobs/{job_id:int}/dismiss", attention.dismiss_job, Role.OPERATOR),
    _post("/attention/deliveries/{delivery_id:int}/retry", attention.retry_delivery, Role.OPERATOR),
    _get("/results", results.show, Role.VIEWER, menu="Results"),
    _get("/results/release", results.ask_release, Role.ADMIN),
    _post("/results/release", results.release, Role.ADMIN),
    _get("/models", models.show, Role.VIEWER, menu="Models"),
    _get("/models/{name}", models.show_one, Role.VIEWER),
    _get("/drift", drift.show, Role.VIEWER, menu="Drift"),
    _get("/charts", charts.show, Role.VIEWER, menu="Charts"),
    _get("/charts/data", charts.data, Role.VIEWER),
    _get("/destinations", destinations.show, Role.VIEWER, menu="Destinations"),
    _post("/destinations/{name:path}/echo", destinations.echo, Role.OPERATOR),
    _get("/rules", rules.show, Role.OPERATOR, menu="Rules"),
    _post("/rules", rules.submit, Role.OPERATOR, files=True),
    _get("/users", users.show, Role.ADMIN, menu="Users"),
    _post("/users", users.add, Role.ADMIN),
    _post("/users/tokens", users.issue_token, Role.ADMIN),
    _post("/users/tokens/{token_id:int}/revoke", users.revoke_token, Role.ADMIN),
    _post("/users/{user}/reset", users.reset, Role.ADMIN),
    _post("/users/{user}/role", users.give_role, Role.ADMIN),
    _post("/users/{user}/unlock", users.unlock, Role.ADMIN),
    _post("/users/{user}/remove", users.remove, Role.ADMIN),
    _get("/configuration", configuration.show, Role.ADMIN, menu="Configuration"),
    _get("/audit", audit_trail.show, Role.ADMIN, menu="Audit"),
    _post("/audit", audit_trail.search, Role.ADMIN),
    _get("/api/v1/status", reading.status, Role.VIEWER, api=True),
    _get("/api/v1/studies", reading.studies, Role.VIEWER, api=True),
    _post("/api/v1/studies/search", reading.studies, Role.VIEWER, api=True),
    _get("/api/v1/studies/{study_id:int}", reading.study, Role.VIEWER, api=True),
    _get("/api/v1/quarantine", reading.quarantine, Role.VIEWER, api=True),
    _get("/api/v1/deliveries/failed", reading.failed_deliveries, Role.VIEWER, api=True),
    _post("/api/v1/rules", reading.rules, Role.OPERATOR, api=True, files=True),
    _get("/api/v1/results", insight.results, Role.VIEWER, api=True),
    _get("/api/v1/models", insight.models, Role.VIEWER, api=True),
    _get("/api/v1/drift", insight.drift, Role.VIEWER, api=True),
    _get("/api/v1/audit", reading.audit_trail, Role.ADMIN, api=True),
    _post("/api/v1/audit/search", reading.audit_trail, Role.ADMIN, api=True),
    _post("/api/v1/jobs/{job_id:int}/retry", changing.retry_job, Role.OPERATOR, api=True),
    _post("/api/v1/jobs/{job_id:int}/dismiss", changing.dismiss_job, Role.OPERATOR, api=True),
    _post("/api/v1/deliveries/{delivery_id:int}/retry", changing.retry_delivery, Role.OPERATOR, api=True),
    _get("/api/v1/destinations", destinations_api.listed, Role.VIEWER, api=True),
    _post("/api/v1/destinations/{name:path}/echo", destinations_api.echo, Role.OPERATOR, api=True),
    _post("/api/v1/parts/{part}/pause", pauses_api.stop, Role.OPERATOR, api=True),
    _post("/api/v1/parts/{part}/resume", pauses_api.go_on, Role.OPERATOR, api=True),
)

MENU: dict[str, tuple[str, str]] = {
    route.path: (route.least.value, route.menu) for route in ROUTES if route.menu is not None
}
"""Of the menu's pages: path to least role and name."""
