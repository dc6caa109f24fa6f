"""The routes of segments below /console/segments, each with the permission it takes."""

from passaparola.doors.console.roles import View
from passaparola.doors.console.segments import acts, builder, listing, one, why

ROUTES: tuple[tuple[str, View, str, str], ...] = (
    ("", listing.segments, "segments.read", "segments"),
    ("/strategies", listing.strategies, "segments.read", "segment-map"),
    ("/templates", listing.templates, "segments.write", "segment-templates"),
    ("/new", builder.create, "segments.write", "segment-create"),
    ("/preview", builder.preview, "segments.write", "segment-preview"),
    ("/<int:segment_id>", one.segment, "segments.read", "segment"),
    ("/<int:segment_id>/edit", builder.edit, "segments.write", "segment-edit"),
    ("/<int:segment_id>/overlap", one.overlap, "segments.read", "segment-overlap"),
    ("/<int:segment_id>/rule.json", acts.rule, "segments.read", "segment-rule"),
    ("/<int:segment_id>/people.<str:form>", acts.export, "segments.export", "segment-export"),
    ("/<int:segment_id>/move/<str:way>", acts.move, "segments.write", "segment-move"),
    ("/<int:segment_id>/people/<int:person_id>", why.why, "segments.read", "segment-why"),
    ("/<int:segment_id>/people/<int:person_id>/pin", acts.pin, "segments.write", "segment-pin"),
)
