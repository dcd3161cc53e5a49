"""What vendors tell us: `POST /hooks/<vendor>`. Check the signature, keep what is said, answer at once.

No cookie is read and no personal data is logged. Which words mean what is the vendor's file's business; what follows
from them is `signups.mails`' (what became of a mail) and `signups.enrichment`'s (who somebody is).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.views.decorators.csrf import csrf_exempt

from signups import contracts, enrichment
from signups.contracts import Misconfigured, NotTheVendor, Provider
from signups.mails import reports


@csrf_exempt
def customerio(request: HttpRequest) -> HttpResponse:
    """Customer.io's reporting webhook: 200 with what was made of it, 401 for the unsigned, 503 while we have no key."""
    if request.method != "POST":
        return _only_post("Customer.io")
    try:
        said = contracts.integration("customerio").read_reports(request.headers, request.body)
    except NotTheVendor as error:
        return _refusal(401, "unauthorised", str(error))
    except (Misconfigured, LookupError) as error:
        return _refusal(503, "not_configured", str(getattr(error, "reason", "Customer.io is not among the settings.")))
    except (OSError, RawPostDataException):
        return _cut_off()
    taken = reports.take("customerio", said)
    return _answer(200, {"new": taken.new, "known": taken.known, "odd": taken.odd})


@csrf_exempt
def provider(request: HttpRequest, slug: str) -> HttpResponse:
    """A provider's webhook, with the answer to a look-up that was pending: 200 with how many signups it woke, 401 for
    the unsigned, 503 while we have no key. What is signed and about no look-up of ours changes nothing."""
    found = next((one for one in contracts.providers() if one.slug == slug and _has_webhook(one)), None)
    if found is None:
        return _refusal(404, "not_found", "No such vendor sends anything here.")
    if request.method != "POST":
        return _only_post(found.name)
    try:
        heard = found.read_webhook(request.headers, request.body)
    except NotTheVendor as error:
        return _refusal(401, "unauthorised", str(error))
    except Misconfigured as error:
        return _refusal(503, "not_configured", str(error))
    except (OSError, RawPostDataException):
        return _cut_off()
    return _answer(200, {"woken": enrichment.hear(found, heard) if heard is not None else 0})


def _has_webhook(provider: Provider) -> bool:
    return type(provider).read_webhook is not Provider.read_webhook


def _only_post(vendor: str) -> JsonResponse:
    refusal = _refusal(405, "method_not_allowed", f"Send what {vendor} reports as a POST.")
    refusal["Allow"] = "POST"
    return refusal


def _cut_off() -> JsonResponse:
    """The sender hung up."""
    return _refusal(400, "bad_request", "The body could not be read whole. Send it again.")


def _refusal(status: int, code: str, message: str) -> JsonResponse:
    return _answer(status, {"error": {"code": code, "field": None, "message": message}})


def _answer(status: int, body: dict[str, Any]) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
