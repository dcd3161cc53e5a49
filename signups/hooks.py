"""What vendors tell us: `POST /hooks/<vendor>`. Check the signature, keep what is said, answer at once.

No cookie is read and no personal data is logged. Which words mean what is the integration's business, what follows from
them `signups.mails`'.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.views.decorators.csrf import csrf_exempt

from signups import contracts
from signups.contracts import Misconfigured, NotTheVendor
from signups.mails import reports


@csrf_exempt
def customerio(request: HttpRequest) -> HttpResponse:
    """Customer.io's reporting webhook: 200 with what was made of it, 401 for the unsigned, 503 while we have no key."""
    if request.method != "POST":
        refusal = _refusal(405, "method_not_allowed", "Send what Customer.io reports as a POST.")
        refusal["Allow"] = "POST"
        return refusal
    try:
        said = contracts.integration("customerio").read_reports(request.headers, request.body)
    except NotTheVendor as error:
        return _refusal(401, "unauthorised", str(error))
    except (Misconfigured, LookupError) as error:
        return _refusal(503, "not_configured", str(getattr(error, "reason", "Customer.io is not among the settings.")))
    except (OSError, RawPostDataException):  # the sender hung up
        return _refusal(400, "bad_request", "The body could not be read whole. Send it again.")
    taken = reports.take("customerio", said)
    return _answer(200, {"new": taken.new, "known": taken.known, "odd": taken.odd})


def _refusal(status: int, code: str, message: str) -> JsonResponse:
    return _answer(status, {"error": {"code": code, "field": None, "message": message}})


def _answer(status: int, body: dict[str, Any]) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
