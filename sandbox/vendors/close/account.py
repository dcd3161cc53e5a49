"""The organisation's set-up: who am I, statuses, custom fields and their schema."""

from __future__ import annotations

from functools import partial

from sandbox.vendors.close import values
from sandbox.vendors.close.api import Call, Record, Reply, Route, field_errors, not_found, page
from sandbox.vendors.close.custom_fields import OBJECT_TYPES, TYPES
from sandbox.vendors.close.organization import Organization
from sandbox.vendors.close.values import BadValue, Check


def _me(org: Organization, call: Call) -> Reply:
    return Reply({**org.api_user, "organizations": [{"id": org.id, "name": "Onboarding Sandbox"}]})


def _lead_statuses(org: Organization, call: Call) -> Reply:
    return page(call, org.lead_statuses)


def _opportunity_statuses(org: Organization, call: Call) -> Reply:
    return page(call, org.opportunity_statuses)


# ---- custom fields


_FIELD_CHECKS: dict[str, Check] = {
    "name": values.text,
    "type": values.one_of(*TYPES),
    "choices": values.texts,
    "description": values.text,
    "accepts_multiple_values": values.boolean,
}


def _create_field(object_type: str, org: Organization, call: Call) -> Reply:
    fields = org.fields.by_type[object_type]
    definition = {
        **org.new_record("cf"),
        "name": call.required("name"),
        "type": call.required("type"),
        "choices": None,
        "accepts_multiple_values": False,
        "editable_with_roles": [],
        "is_shared": object_type == "shared",
        "description": None,
    }
    _change_field(definition, fields, call.body)
    fields[definition["id"]] = definition
    return Reply(
        {**definition, **{name: definition[name].partition("+")[0] for name in ("date_created", "date_updated")}}
    )


def _change_field(definition: Record, others: dict[str, Record], body: Record) -> None:
    """Take over what the body says, or raise CloseError. A name is used once for each type of object."""
    changes = {name: body[name] for name in _FIELD_CHECKS if name in body}
    errors = {}
    for name, value in {"type": definition["type"], **changes}.items():
        try:
            _FIELD_CHECKS[name](value)
        except BadValue as error:
            errors[name] = error.detail
    if errors:
        raise field_errors(errors)
    same_name = (other for other in others.values() if other["name"] == changes.get("name"))
    if any(other["id"] != definition["id"] for other in same_name):
        raise field_errors({"name": "A custom field with this name already exists."})
    definition |= changes


def _list_fields(object_type: str, org: Organization, call: Call) -> Reply:
    return page(call, org.fields.by_type[object_type].values())


def _get_field(object_type: str, org: Organization, call: Call) -> Reply:
    return Reply(_field(org, object_type, call))


def _put_field(object_type: str, org: Organization, call: Call) -> Reply:
    definition = _field(org, object_type, call)
    _change_field(definition, org.fields.by_type[object_type], call.body)
    definition |= {"updated_by": org.actor["id"], "date_updated": org.stamp()}
    return Reply(definition)


def _delete_field(object_type: str, org: Organization, call: Call) -> Reply:
    del org.fields.by_type[object_type][_field(org, object_type, call)["id"]]
    return Reply({})


def _field(org: Organization, object_type: str, call: Call) -> Record:
    if (definition := org.fields.by_type[object_type].get(call.path["id"])) is None:
        raise not_found()
    return definition


def _share(org: Organization, call: Call) -> Reply:
    """Let leads, contacts or opportunities have a shared field."""
    field_id, object_type = _field(org, "shared", call)["id"], call.required("object_type")
    if object_type not in OBJECT_TYPES[:-1]:
        raise field_errors({"object_type": f"Expected one of: {', '.join(OBJECT_TYPES[:-1])}."})
    org.fields.shared_with.setdefault(field_id, set()).add(object_type)
    return Reply({"object_type": object_type, "editable_with_roles": [], "required": False}, status=201)


def _custom_object_fields(org: Organization, call: Call) -> Reply:
    """None here; and unlike every other list, this one carries neither ``has_more`` nor a cursor."""
    return Reply({"data": []})


def _schema(org: Organization, call: Call) -> Reply:
    """The fields of a type of object in the order they are shown."""
    object_type = call.path["object_type"]
    if object_type not in OBJECT_TYPES[:-1]:
        raise not_found()
    return Reply({"object_type": object_type, "fields": list(org.fields.of(object_type).values())})


def _field_routes(object_type: str) -> tuple[Route, ...]:
    path = f"custom_field/{object_type}/"
    return (
        Route("GET", path, partial(_list_fields, object_type)),
        Route("POST", path, partial(_create_field, object_type)),
        Route("GET", path + "{id}/", partial(_get_field, object_type)),
        Route("PUT", path + "{id}/", partial(_put_field, object_type)),
        Route("DELETE", path + "{id}/", partial(_delete_field, object_type)),
    )


ROUTES = (
    Route("GET", "me/", _me),
    Route("GET", "status/lead/", _lead_statuses),
    Route("GET", "status/opportunity/", _opportunity_statuses),
    *(route for object_type in OBJECT_TYPES for route in _field_routes(object_type)),
    Route("POST", "custom_field/shared/{id}/association/", _share),
    Route("GET", "custom_field/custom_object_type/", _custom_object_fields),
    Route("GET", "custom_field_schema/{object_type}/", _schema),
)
