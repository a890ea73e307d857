"""Reports: those that were made, their pages, and having one made now."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import address_of, permit, principal_of
from workbench.api.native.model import failures
from workbench.api.native.reports_models import ReportRunOut, ReportsOut, RunReport
from workbench.api.report_subjects import Asked
from workbench.api.reports import PER_USER_MAX, Reports, SeenRun
from workbench.api.server import server_of
from workbench.api.words import maybe_moment, moment
from workbench.identity.roles import Permission

router = APIRouter(prefix="/api/reports", tags=["reports"])

PAGE_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "font-src data:; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""A report is a document of no origin: its scripts draw its charts, reach no address and see no cookie."""

_Limit = Annotated[int, Query(ge=1, le=200, description="Most of them")]
_Before = Annotated[str, Query(max_length=64, description="`next` of the answer before")]
_PAGE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"example": "<!doctype html>"}}, "description": "The report, one file"}
}


@router.get("", summary="Reports", response_model=ReportsOut, responses=failures(401, 403, 422))
@permit(Permission.READ_OWN)
async def list_reports(request: Request, limit: _Limit = 50, before: _Before = "") -> Response:
    """One's own, and those of the sessions and classes that one runs; which kinds there are."""
    return await _listed(request, limit, before, everybody=False)


@router.get(
    "/history", summary="The history of runs", response_model=ReportsOut, responses=failures(401, 403, 422)
)
@permit(Permission.READ_CLASS)
async def list_runs(request: Request, limit: _Limit = 50, before: _Before = "") -> Response:
    """Everything that ran for the sessions and classes that one runs; for administrators everything."""
    return await _listed(request, limit, before, everybody=True)


@router.post(
    "",
    summary="Have a report made",
    status_code=202,
    response_model=ReportRunOut,
    responses=failures(400, 401, 403, 404, 409, 422),
)
@permit(Permission.READ_OWN)
async def run_report(request: Request, asked: RunReport) -> Response:
    """Ask for a report; it waits its turn, and `GET /api/reports/{run}` says how far it has come."""
    reports = server_of(request).reports
    found = await reports.ask(principal_of(request), Asked(**asked.model_dump()), address_of(request))
    return Json(_row(reports, found), 202)


@router.get("/{run}", summary="A report", response_model=ReportRunOut, responses=failures(401, 403, 404, 422))
@permit(Permission.READ_OWN)
async def get_report(request: Request, run: str) -> Response:
    """How far a report has come."""
    reports = server_of(request).reports
    return Json(_row(reports, await reports.run(principal_of(request), run)))


@router.get(
    "/{run}/html",
    summary="The page of a report",
    response_class=Response,
    responses={**_PAGE, **failures(401, 403, 404, 409, 422)},
)
@permit(Permission.READ_OWN)
async def get_page(
    request: Request,
    run: str,
    download: Annotated[bool, Query(description="Whether it is to be saved rather than shown")] = False,
) -> Response:
    """The report as one file that needs nothing else; in a browser it has no origin and reaches nothing."""
    found, content = await server_of(request).reports.page(principal_of(request), run, address_of(request))
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
    if download:
        name = "-".join(
            each for each in (found.report, found.session or found.first_day, found.account) if each
        )
        kept = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "_" for each in name)
        headers["Content-Disposition"] = f'attachment; filename="{kept}.html"'
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


async def _listed(request: Request, limit: int, before: str, *, everybody: bool) -> Response:
    reports = server_of(request).reports
    found, following = await reports.runs(
        principal_of(request), before=before, limit=limit, everybody=everybody, address=address_of(request)
    )
    return Json(
        {
            "reports": [_row(reports, each) for each in found],
            "next": following or None,
            "kinds": [
                {"name": each.name, "title": each.title, "about": each.about} for each in reports.kinds
            ],
            "problem": reports.problem,
            "waiting_max": PER_USER_MAX,
        }
    )


def _row(reports: Reports, seen: SeenRun) -> dict[str, Any]:
    run = seen.run
    title = next((each.title for each in reports.kinds if each.name == run.report), run.report or run.job)
    return {
        "run": run.run_id,
        "job": run.job,
        "report": run.report,
        "title": title,
        "session": run.session,
        "account": run.account,
        "user": seen.user,
        "class_id": run.class_id,
        "class_name": reports.class_name(run.class_id),
        "first_day": run.first_day,
        "last_day": run.last_day,
        "state": run.state,
        "sentence": run.sentence,
        "attempts": run.attempts,
        "asked_by": reports.name_of(run.asked_by) if run.asked_by else "",
        "due": moment(run.due_ns),
        "made": moment(run.made_ns),
        "began": maybe_moment(run.began_ns),
        "ended": maybe_moment(run.ended_ns),
        "seconds": round(run.seconds, 3),
        "page": None if run.html is None else f"/api/reports/{run.run_id}/html",
        "own": seen.own,
    }
