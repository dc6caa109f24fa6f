"""The console's routes, each with the permission it takes."""

from django.urls import URLPattern, path, re_path

from passaparola.doors.console import (
    duplicates,
    events,
    group_acts,
    groups,
    imports,
    install,
    lead_rules,
    leads,
    lookbook,
    outbox,
    overview,
    people,
    person_acts,
    person_ties,
    program_acts,
    programs,
    searching,
    signin,
    stages,
    stages_flow,
    suggested,
    team,
)
from passaparola.doors.console.roles import View, needs

app_name = "console"


def route(address: str, view: View, permission: str, name: str) -> URLPattern:
    """One guarded route."""
    return path(address, needs(permission)(view), name=name)


# Open to everybody: signing in, and the look of the page one signs in on.
OPEN = [
    path("sign-in", signin.sign_in, name="sign-in"),
    path("sign-out", signin.sign_out, name="sign-out"),
    path("language", signin.language, name="language"),
    path("theme", signin.theme, name="theme"),
]
GUARDED = [
    route("", overview.overview, "overview.read", "overview"),
    route("people", people.people, "people.read", "people"),
    route("people/duplicates", duplicates.duplicates, "people.merge", "duplicates"),
    route("people/duplicates/apart", duplicates.apart, "people.merge", "duplicates-apart"),
    route("people/<int:person_id>", people.person, "people.read", "person"),
    route("people/<int:person_id>/merge", person_acts.merge, "people.merge", "person-merge"),
    route("people/<int:person_id>/unmerge/<int:merge_id>", person_acts.unmerge, "people.merge", "person-unmerge"),
    route("people/<int:person_id>/consent", person_acts.consent, "people.write", "person-consent"),
    route("people/<int:person_id>/code", person_acts.code, "codes.write", "person-code"),
    route("people/<int:person_id>/forget", person_acts.forget, "people.forget", "person-forget"),
    route("programs", programs.programs, "programs.read", "programs"),
    route("programs/new", programs.create, "programs.write", "program-create"),
    route("programs/preview", programs.preview, "programs.write", "program-preview"),
    route("programs/<int:program_id>", programs.program, "programs.read", "program"),
    route("programs/<int:program_id>/edit", programs.edit, "programs.write", "program-edit"),
    route("programs/<int:program_id>/launch", program_acts.launch, "programs.launch", "program-launch"),
    route("programs/<int:program_id>/end", program_acts.end, "programs.launch", "program-end"),
    route("programs/<int:program_id>/budget", program_acts.budget, "programs.write", "program-budget"),
    re_path(
        "^programs/(?P<program_id>[0-9]+)/(?P<way>pause|resume)$",
        needs("programs.launch")(program_acts.move),
        name="program-move",
    ),
    route("messages", outbox.outbox, "messages.read", "outbox"),
    route("messages/<int:message_id>", outbox.message, "messages.read", "message"),
    route("messages/<int:message_id>/html", outbox.as_html, "messages.read", "message-html"),
    route("messages/<int:message_id>/resend", outbox.resend, "messages.write", "message-resend"),
    route("events", events.events, "events.read", "events"),
    route("events/parked", events.parked, "events.read", "events-parked"),
    route("events/parked/<int:parked_id>/again", events.send_again, "events.write", "parked-again"),
    route("events/<int:event_id>", events.event, "events.read", "event"),
    route("stages", stages.look, "stages.read", "stages"),
    route("stages/flow", stages_flow.flow, "stages.read", "stages-flow"),
    route("stages/change", stages.change, "stages.write", "stages-change"),
    route("groups", groups.groups, "groups.read", "groups"),
    route("groups/new", group_acts.create, "groups.write", "group-create"),
    route("groups/suggestions", suggested.suggestions, "groups.read", "groups-suggestions"),
    route("groups/suggestions/look", suggested.look, "groups.write", "groups-suggestions-look"),
    route("groups/suggestions/<int:suggestion_id>/accept", suggested.accept, "groups.write", "groups-suggestion-accept"),
    route("groups/suggestions/<int:suggestion_id>/dismiss", suggested.dismiss, "groups.write", "groups-suggestion-dismiss"),
    route("groups/<int:group_id>", groups.group, "groups.read", "group"),
    route("groups/<int:group_id>/edit", group_acts.edit, "groups.write", "group-edit"),
    route("groups/<int:group_id>/close", group_acts.close, "groups.write", "group-close"),
    route("groups/<int:group_id>/join", group_acts.join, "groups.write", "group-join"),
    route("groups/<int:group_id>/leave/<int:person_id>", group_acts.leave, "groups.write", "group-leave"),
    route("people/<int:person_id>/relationship", person_ties.relate, "people.write", "person-relate"),
    route("people/<int:person_id>/relationship/end", person_ties.end, "people.write", "person-relate-end"),
    route("leads", leads.look, "leads.read", "leads"),
    route("leads/rules", lead_rules.look, "leads.read", "leads-rules"),
    route("leads/rules/change", lead_rules.change, "leads.rules", "leads-rules-change"),
    route("people/<int:person_id>/lead", leads.record, "leads.write", "lead-record"),
    route("people/<int:person_id>/lead/take", leads.take, "leads.write", "lead-take"),
    route("imports", imports.imports, "imports.read", "imports"),
    route("imports/new", imports.receive, "imports.write", "import-receive"),
    route("imports/<int:import_id>", imports.one, "imports.read", "import"),
    route("imports/<int:import_id>/describe", imports.describe, "imports.write", "import-describe"),
    route("imports/<int:import_id>/list", imports.attach, "imports.write", "import-attach"),
    route("imports/<int:import_id>/rejected", imports.rejected, "imports.write", "import-rejected"),
    route("imports/<int:import_id>/mapping", imports.mapping, "imports.read", "import-mapping"),
    re_path(
        "^imports/(?P<import_id>[0-9]+)/(?P<step>stop|resume|discard)$",
        needs("imports.write")(imports.move),
        name="import-move",
    ),
    route("install", install.install, "keys.read", "install"),
    route("install/keys", install.make, "keys.write", "key-make"),
    route("install/arrived", install.arrived, "keys.read", "install-arrived"),
    route("install/keys/<int:key_id>/revoke", install.revoke, "keys.write", "key-revoke"),
    route("team", team.team, "team.read", "team"),
    route("team/new", team.add, "team.write", "member-add"),
    route("team/<int:user_id>", team.change, "team.write", "member-change"),
    route("search", searching.search, "own", "search"),
    route("search/options", searching.options, "own", "search-options"),
    route("password", signin.password, "own", "password"),
    route("look", lookbook.look, "own", "look"),
]
urlpatterns = OPEN + GUARDED
