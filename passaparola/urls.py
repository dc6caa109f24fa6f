"""The doors and what hangs on each."""

urlpatterns = []
