"""Public pages and who may open each: the holder of the signed link, or everybody. Nobody signs in here."""

from django.urls import path

from passaparola.doors.portal import advocate, consent, groups, landing, privacy

app_name = "portal"

urlpatterns = [
    # everybody
    path("f", landing.by_hand, name="by_hand"),
    path("f/<str:code>", landing.landing, name="landing"),
    path("f/<str:code>/thanks", landing.thanks, name="thanks"),
    path("privacy", privacy.privacy, name="privacy"),
    # whoever holds a token signed for "advocate"
    path("a/<str:token>", advocate.home, name="advocate"),
    path("a/<str:token>/share/<str:channel>", advocate.share, name="share"),
    path("a/<str:token>/qr.svg", advocate.qr, name="qr"),
    path("a/<str:token>/name", advocate.show_name, name="show_name"),
    path("a/<str:token>/join", advocate.join, name="join"),
    path("a/<str:token>/group", groups.join_from_advocate, name="join_group"),
    # "opt-in", "unsubscribe", "preferences"
    path("c/<str:token>", consent.confirm, name="confirm"),
    path("u/<str:token>", consent.unsubscribe, name="unsubscribe"),
    path("p/<str:token>", consent.preferences, name="preferences"),
    path("p/<str:token>/group", groups.join_from_preferences, name="choose_group"),
]
